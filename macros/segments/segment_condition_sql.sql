{# A condition as SQL over `features`, with its columns of segment_features_and_members where rules refer to other
   segments, and `percentiles`. It is null where a missing value leaves it undecided; null never counts as met. #}
{% macro segment_condition_sql(condition, attributes) -%}
    {%- set attribute = segment_attribute_of(condition.attribute, attributes) -%}
    {%- set type = attribute.value_type -%}
    {%- set operator = segment_operator(condition.operator) -%}
    {%- if condition.operator not in attribute.operators -%}
        {{ segment_rule_fault(condition, "operator `" ~ condition.operator ~ "` is not allowed for a " ~ type) }}
    {%- endif -%}
    {%- if condition.constant -%}{{ return('1 = 1' if condition.constant == 'true' else '1 = 0') }}{%- endif -%}
    {%- if type == 'segment' -%}
        {{ return(('not ' if operator.is_negated else '') ~ segment_column('segment:' ~ segment_reference(condition.attribute))) }}
    {%- endif -%}
    {%- set column = segment_column(condition.attribute) -%}
    {%- set items = [] -%}
    {%- for item in segment_condition_items(condition) -%}
        {%- do items.append(segment_value_sql(condition, item, type, attributes)) -%}
    {%- endfor -%}
    {%- if operator.takes == 'two' and items | length != 2 -%}
        {{ segment_rule_fault(condition, condition.operator ~ " takes two values joined by |") }}
    {%- endif -%}
    {%- set test = segment_operator_sql(operator, column, items) -%}
    {%- if condition.if_missing != 'true' or operator.missing_value != 'unmet' -%}{{ return(test) }}{%- endif -%}
    {%- set gaps = [] -%}
    {%- for attribute in segment_condition_attributes(condition) -%}
        {%- do gaps.append(segment_column(attribute) ~ ' is null') -%}
    {%- endfor -%}
    {{ return('(' ~ gaps | join(' or ') ~ ' or ' ~ test ~ ')') }}
{%- endmacro %}

{# An attribute as a quoted column. #}
{% macro segment_column(attribute) -%}
    {{ return('features.' ~ adapter.quote(attribute)) }}
{%- endmacro %}

{# One value of a condition as SQL: another attribute, a percentile, a day, a number or a text. #}
{% macro segment_value_sql(condition, item, type, attributes) -%}
    {%- if item.startswith('attr:') and type not in ('boolean', 'set') -%}
        {%- if item[5:] not in attributes or attributes[item[5:]].value_type != type -%}
            {{ segment_rule_fault(condition, "`" ~ item[5:] ~ "` is not a " ~ type) }}
        {%- endif -%}
        {{ return(segment_column(item[5:])) }}
    {%- endif -%}
    {%- if type == 'number' and segment_percentile(item) is not none -%}
        {{ return("(select max(percentiles.threshold) from percentiles where percentiles.attribute_name = "
            ~ text_literal(condition.attribute) ~ " and percentiles.percentile = " ~ text_literal(segment_percentile(item)) ~ ")") }}
    {%- endif -%}
    {%- if type == 'number' and segment_is_number(item) -%}
        {{ return(item | replace('+', '')) }}
    {%- endif -%}
    {%- if type == 'date' and segment_is_relative_day(item) -%}
        {{ return(days_before(condition.get('day') or as_of_date(), 0 - (item[:-1] | int))) }}
    {%- endif -%}
    {%- if type == 'date' and modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z', item) -%}
        {{ return("cast('" ~ item ~ "' as date)") }}
    {%- endif -%}
    {%- if type in ('text', 'set') and item != '' -%}
        {{ return(text_literal(item)) }}
    {%- endif -%}
    {{ segment_rule_fault(condition, "`" ~ item ~ "` is not a value for a " ~ type) }}
{%- endmacro %}

{% macro segment_is_number(item) -%}
    {{ return(modules.re.match('^[+-]?[0-9]{1,18}([.][0-9]{1,10})?\Z', item) is not none) }}
{%- endmacro %}

{# Whether a value is a day counted from the day of evaluation, such as -30d. #}
{% macro segment_is_relative_day(item) -%}
    {{ return(modules.re.match('^[+-]?[0-9]{1,5}d\Z', item) is not none) }}
{%- endmacro %}

{# The percentile that `pct:25` or `pct:25 of a_segment` names, as text in one spelling; none for anything else. #}
{% macro segment_percentile(item) -%}
    {%- set found = modules.re.match('^pct:(100|[0-9]{1,2}(?:[.][0-9]{1,2})?)(?: +of +([a-z][a-z0-9_]*))?\Z', item) -%}
    {%- if found is none -%}{{ return(none) }}{%- endif -%}
    {{ return(segment_plain_number(found.group(1)) ~ (' of ' ~ found.group(2) if found.group(2) else '')) }}
{%- endmacro %}

{# The segment over whose members a percentile is taken; none for one of buyers, and for anything else. #}
{% macro segment_percentile_base(item) -%}
    {%- set parts = (segment_percentile(item) or '').split(' of ') -%}
    {{ return(parts[1] if parts | length == 2 else none) }}
{%- endmacro %}

{# A decimal number in one spelling: 3, 3.0 and 03 are the same. #}
{% macro segment_plain_number(text) -%}
    {%- set parts = (text | replace('+', '')).split('.') -%}
    {%- set sign = '-' if parts[0].startswith('-') else '' -%}
    {%- set whole = parts[0].lstrip('-').lstrip('0') or '0' -%}
    {%- set decimals = parts[1].rstrip('0') if parts | length > 1 else '' -%}
    {%- set plain = whole ~ ('.' ~ decimals if decimals else '') -%}
    {{ return(plain if plain == '0' else sign ~ plain) }}
{%- endmacro %}

{# Stops the build with an error that names the condition. #}
{% macro segment_rule_fault(condition, reason) -%}
    {{ exceptions.raise_compiler_error(
        "segment " ~ condition.segment_key ~ ", " ~ condition.kind ~ " " ~ condition.alternative ~ ", "
        ~ condition.attribute ~ " " ~ condition.operator ~ " " ~ condition.value ~ ": " ~ reason
    ) }}
{%- endmacro %}

{# All conditions of an alternative, joined by `and`. #}
{% macro segment_alternative_sql(conditions, attributes) -%}
    {%- set tests = [] -%}
    {%- for condition in conditions -%}
        {%- do tests.append(segment_condition_sql(condition, attributes)) -%}
    {%- endfor -%}
    {{ return(tests | join(' and ')) }}
{%- endmacro %}
