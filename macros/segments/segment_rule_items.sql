{# The rules as data, for reports on every single condition: one dict per rule that can be explained, condition and item
   of its value. The scope comes first, as condition 0. `item` is what the rule says, `item_value` what is compared, by
   item_kind: a value, the name of another attribute, a percentile, days before the day of evaluation, a segment.
   `comparison` is how the item is compared, `combine` whether any or all items have to match, `is_negated` whether the
   operator is met where they do not. `expected_text` is what a condition requires where its items do not show it. #}
{% macro segment_rule_items() -%}
    {%- set rows = [] -%}
    {%- set attributes = segment_attributes() -%}
    {%- for segment in segment_rules_explained() -%}
        {%- if segment.scope != 'all' -%}
            {%- do rows.append({
                'segment_key': segment.segment_key, 'kind': 'scope', 'condition_number': 0, 'attribute': 'customer_type',
                'operator': '=', 'value': 'person', 'condition_text': 'customer type is person', 'value_type': 'text',
                'combine': 'all', 'is_negated': 'false', 'is_met_when_missing': 'false', 'is_rounded': 'false',
                'item_number': 1, 'comparison': 'equals', 'item': 'person', 'item_kind': 'value',
                'item_value': 'person', 'is_item_rounded': 'false'
            }) -%}
        {%- endif -%}
        {%- for condition in segment_conditions_of([segment]) -%}
            {%- set operator = segment_operator(condition.operator) -%}
            {%- set items = [] -%}
            {%- for item in segment_condition_items(condition) or [none] -%}
                {%- do items.append(dict(
                    segment_rule_item(condition, item, attributes), item_number=loop.index,
                    comparison=operator.comparisons[loop.index0] or operator.comparisons[-1]
                )) -%}
            {%- endfor -%}
            {%- set shared = {
                'segment_key': segment.segment_key, 'kind': condition.kind, 'alternative': condition.alternative,
                'condition_number': loop.index, 'attribute': condition.attribute, 'operator': condition.operator,
                'value': condition.value or none, 'if_missing': condition.if_missing or none,
                'combine': operator.combine or 'all', 'is_negated': operator.is_negated | string | lower,
                'is_met_when_missing': 'true' if condition.if_missing == 'true' and operator.missing_value == 'unmet' else 'false',
                'condition_text': segment_condition_text(condition), 'value_type': condition.value_type,
                'is_rounded': segment_is_rounded(condition.attribute, attributes), 'constant': condition.constant or none,
                'expected_text': segment_expected_text(condition),
                'expected_note': items | map(attribute='note') | select | join(' and ') or none
            } -%}
            {%- for item in items -%}{%- do rows.append(dict(shared, **item)) -%}{%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{# One item of a condition's value, or its placeholder where the operator takes no value. #}
{% macro segment_rule_item(condition, item, attributes) -%}
    {%- set type = condition.value_type -%}
    {%- set kind, value = 'value', item -%}
    {%- if type == 'segment' -%}
        {%- set kind, value = 'segment', segment_reference(condition.attribute) -%}
    {%- elif item is not none and item.startswith('attr:') and type not in ('boolean', 'set') -%}
        {%- set kind, value = 'attribute', item[5:] -%}
    {%- elif item is not none and type == 'number' and segment_percentile(item) is not none -%}
        {%- set kind, value = 'percentile', segment_percentile(item) -%}
    {%- elif item is not none and type == 'date' and segment_is_relative_day(item) -%}
        {%- set kind, value = 'day', 0 - (item[:-1] | int) -%}
    {%- endif -%}
    {{ return({
        'item': item, 'item_kind': kind, 'item_value': value,
        'note': segment_value_text(condition, item) if kind in ('attribute', 'percentile', 'day') and not condition.constant else none,
        'is_item_rounded': 'true' if kind == 'percentile' else segment_is_rounded(value, attributes) if kind == 'attribute' else 'false'
    }) }}
{%- endmacro %}

{# What a condition requires, in words, where its operator takes no value, its source is off or it is about a set; none
   where its items show it. #}
{% macro segment_expected_text(condition) -%}
    {%- set operator = segment_operator(condition.operator) -%}
    {%- if operator.takes == 'none' -%}{{ return(operator.expected) }}{%- endif -%}
    {{ return(condition.value if condition.constant or condition.value_type == 'set' else none) }}
{%- endmacro %}

{# Whether an attribute may have more decimals than are shown, as the text of a boolean. #}
{% macro segment_is_rounded(name, attributes) -%}
    {{ return('true' if attributes.get(name, {}).get('data_type') in ('double', 'float', 'real') else 'false') }}
{%- endmacro %}

{# Attributes with which the rules of the given segments compare another attribute. #}
{% macro segment_attributes_compared(segments) -%}
    {%- set names = [] -%}
    {%- for condition in segment_conditions_of(segments) -%}
        {%- do names.extend(segment_condition_attributes(condition)[1:]) -%}
    {%- endfor -%}
    {{ return(names | unique(case_sensitive=true) | sort) }}
{%- endmacro %}
