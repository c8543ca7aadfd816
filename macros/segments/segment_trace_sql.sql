{# Why customers are in a segment or not: one row per (customer_id, segment_key) of `pairs` and condition of that segment's
   rule, with the customer's value and the rule's. `pairs`, `features` and `percentiles` name relations or CTEs; so does
   `lower_matches` where a rule speaks of another segment. Relative days count from features.as_of_date, so that the trace
   of another day is the truth of that day. Columns:
     customer_id, segment_key, kind (scope, include, exclude), alternative, condition_number (of the segment; scope is 0),
     attribute, operator, value, if_missing, condition_text, actual_value (`missing` where there is none),
     expected_value (thresholds, days and values of other attributes filled in), expected_note (what these are), is_met. #}
{% macro segment_trace_sql(pairs, features, percentiles, segments=none, lower_matches='lower_matches') -%}
    {%- set attributes = segment_attributes() -%}
    {%- set wanted = segment_rules_to_evaluate() if segments is none else segments -%}
    {%- set found = [] -%}
    {%- for segment in wanted if segment.include or segment.exclude -%}
        {%- set conditions = segment_traced_conditions(segment, attributes) -%}
        {%- if conditions -%}{%- do found.append([segment.segment_key, conditions]) -%}{%- endif -%}
    {%- endfor -%}
    select * from (
    {%- if percentiles != 'percentiles' or lower_matches != 'lower_matches' %}
    with
        {%- if percentiles != 'percentiles' %}
        percentiles as (select * from {{ percentiles }}){{ ',' if lower_matches != 'lower_matches' }}
        {%- endif %}
        {%- if lower_matches != 'lower_matches' %}
        lower_matches as (select * from {{ lower_matches }})
        {%- endif %}
    {%- endif %}
    {%- for segment_key, conditions in found %}
    select
        pairs.customer_id,
        pairs.segment_key,
        conditions.kind,
        conditions.alternative,
        conditions.condition_number,
        conditions.attribute,
        conditions.operator,
        conditions.value,
        conditions.if_missing,
        conditions.condition_text,
        {%- for name in ['actual_value', 'expected_value'] %}
        case conditions.condition_number
            {%- for condition in conditions %}
            when {{ condition.condition_number }} then {{ condition[name] }}
            {%- endfor %}
        end as {{ name }},
        {%- endfor %}
        conditions.expected_note,
        coalesce(
            case conditions.condition_number
            {%- for condition in conditions %}
                when {{ condition.condition_number }} then {{ condition.is_met }}
            {%- endfor %}
            end,
            false
        ) as is_met
    from {{ pairs }} as pairs
    inner join {{ features }} as features
        on pairs.customer_id = features.customer_id
    cross join (
        {{- literal_rows({
            'kind': dbt.type_string(), 'alternative': dbt.type_string(), 'condition_number': 'integer',
            'attribute': dbt.type_string(), 'operator': dbt.type_string(), 'value': dbt.type_string(),
            'if_missing': dbt.type_string(), 'condition_text': dbt.type_string(), 'expected_note': dbt.type_string()
        }, conditions) }}
    ) as conditions
    where pairs.segment_key = {{ text_literal(segment_key) }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    {{ literal_rows({
        'customer_id': dbt.type_string(), 'segment_key': dbt.type_string(), 'kind': dbt.type_string(),
        'alternative': dbt.type_string(), 'condition_number': 'integer', 'attribute': dbt.type_string(),
        'operator': dbt.type_string(), 'value': dbt.type_string(), 'if_missing': dbt.type_string(),
        'condition_text': dbt.type_string(), 'actual_value': dbt.type_string(), 'expected_value': dbt.type_string(),
        'expected_note': dbt.type_string(), 'is_met': 'boolean'
    }, []) }}
    {%- endfor %}
    ) as trace
{%- endmacro %}

{# The conditions of a segment with what its trace shows of each; the scope comes first, as condition 0. #}
{% macro segment_traced_conditions(segment, attributes) -%}
    {%- set traced = [] -%}
    {%- if segment.scope != 'all' -%}
        {%- do traced.append({
            'kind': 'scope', 'alternative': none, 'condition_number': 0, 'attribute': 'customer_type', 'operator': '=',
            'value': 'person', 'if_missing': none, 'condition_text': 'customer type is person',
            'actual_value': "coalesce(features.customer_type, 'missing')", 'expected_value': "'person'",
            'expected_note': none, 'is_met': "features.customer_type = 'person'"
        }) -%}
    {%- endif -%}
    {%- set numbers = [] -%}
    {%- for kind in ['include', 'exclude'] -%}
        {%- for alternative, conditions in segment[kind].items() -%}
            {%- for plain in conditions -%}
                {%- set condition = dict(plain, day='features.as_of_date') -%}
                {%- do numbers.append(1) -%}
                {%- set expected = segment_traced_expectation(condition, attributes) -%}
                {%- do traced.append({
                    'kind': kind, 'alternative': alternative, 'condition_number': numbers | length,
                    'attribute': condition.attribute, 'operator': condition.operator, 'value': condition.value or none,
                    'if_missing': condition.if_missing or none, 'condition_text': segment_condition_text(condition),
                    'actual_value': segment_traced_value(condition, attributes),
                    'expected_value': expected.value, 'expected_note': expected.note,
                    'is_met': segment_traced_test(condition, attributes)
                }) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(traced) }}
{%- endmacro %}

{# Whether a condition of a trace holds, as SQL; never of an attribute that does not exist. #}
{% macro segment_traced_test(condition, attributes) -%}
    {%- if condition.attribute not in attributes and not condition.attribute.startswith('segment:') -%}{{ return('1 = 0') }}{%- endif -%}
    {{ return(segment_condition_sql(condition, attributes)) }}
{%- endmacro %}

{# The customer's value as text, as SQL. #}
{% macro segment_traced_value(condition, attributes) -%}
    {%- if condition.attribute.startswith('segment:') -%}
        {%- set is_member = segment_condition_sql(dict(condition, operator='is_member'), attributes) -%}
        {{ return("case when " ~ is_member ~ " then 'member' else 'not a member' end") }}
    {%- endif -%}
    {%- if condition.attribute not in attributes or condition.constant -%}{{ return("'missing'") }}{%- endif -%}
    {{ return(segment_shown_value(condition.attribute, attributes)) }}
{%- endmacro %}

{# What a condition asks for: `value` as SQL (a text, items joined by |), `note` in words, none where the value says it. #}
{% macro segment_traced_expectation(condition, attributes) -%}
    {%- set fixed = {
        'is_true': 'true', 'is_false': 'false', 'is_null': 'missing', 'is_not_null': 'known',
        'is_member': 'member', 'is_not_member': 'not a member'
    } -%}
    {%- if condition.operator in fixed -%}
        {{ return({'value': text_literal(fixed[condition.operator]), 'note': none}) }}
    {%- endif -%}
    {%- if condition.attribute not in attributes or condition.constant -%}
        {{ return({'value': text_literal(condition.value), 'note': none}) }}
    {%- endif -%}
    {%- set attribute = attributes[condition.attribute] -%}
    {%- set items, notes = [], [] -%}
    {%- for part in (condition.value.split('|') if condition.operator in ('between', 'in', 'not_in') else [condition.value]) -%}
        {%- set item = part | trim -%}
        {%- if item.startswith('attr:') and item[5:] in attributes -%}
            {%- do items.append(segment_shown_value(item[5:], attributes)) -%}
            {%- do notes.append(segment_value_text(item)) -%}
        {%- elif item.startswith('pct:') and attribute.value_type == 'number' -%}
            {%- do items.append("coalesce(cast(round(" ~ segment_value_sql(condition, item, 'number', attributes) ~ ", 4) as "
                ~ dbt.type_string() ~ "), 'missing')") -%}
            {%- do notes.append(segment_value_text(item)) -%}
        {%- elif attribute.value_type == 'date' and modules.re.match('^[+-]?[0-9]{1,5}d\Z', item) -%}
            {%- do items.append("cast(" ~ segment_value_sql(condition, item, 'date', attributes) ~ " as " ~ dbt.type_string() ~ ")") -%}
            {%- do notes.append(segment_value_text(item)) -%}
        {%- else -%}
            {%- do items.append(text_literal(item)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({
        'value': items[0] if items | length == 1 else "concat(" ~ items | join(", '|', ") ~ ")",
        'note': notes | join(' and ') or none
    }) }}
{%- endmacro %}
