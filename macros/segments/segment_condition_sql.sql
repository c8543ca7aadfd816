{# A condition as SQL over `features`. It is null where a missing value leaves it open; null never counts as met. #}
{% macro segment_condition_sql(condition, attributes) -%}
    {%- set type = attributes[condition.attribute].value_type -%}
    {%- set column = segment_column(condition.attribute) -%}
    {%- set operator = condition.operator -%}
    {%- if operator not in attributes[condition.attribute].operators -%}
        {{ segment_rule_fault(condition, "operator `" ~ operator ~ "` is not allowed for a " ~ type) }}
    {%- endif -%}
    {%- if condition.constant -%}{{ return('1 = 1' if condition.constant == 'true' else '1 = 0') }}{%- endif -%}
    {%- if operator in ('is_null', 'is_not_null') -%}
        {{ return(column ~ ' ' ~ operator | replace('_', ' ')) }}
    {%- endif -%}
    {%- if operator in ('is_true', 'is_false') -%}
        {%- set test = column if operator == 'is_true' else 'not ' ~ column -%}
    {%- else -%}
        {%- set list_like = operator in ('between', 'in', 'not_in') -%}
        {%- set items = [] -%}
        {%- for item in (condition.value.split('|') if list_like else [condition.value]) -%}
            {%- do items.append(segment_value_sql(condition, item | trim, type, attributes)) -%}
        {%- endfor -%}
        {%- if operator == 'between' and items | length != 2 -%}
            {{ segment_rule_fault(condition, "between takes two values joined by |") }}
        {%- endif -%}
        {%- set test = {
            'between': column ~ ' between ' ~ items | join(' and '),
            'in': column ~ ' in (' ~ items | join(', ') ~ ')',
            'not_in': column ~ ' not in (' ~ items | join(', ') ~ ')',
            'contains': 'instr(' ~ column ~ ', ' ~ items[0] ~ ') > 0',
            'starts_with': 'instr(' ~ column ~ ', ' ~ items[0] ~ ') = 1',
            '!=': column ~ ' <> ' ~ items[0]
        }.get(operator, column ~ ' ' ~ operator ~ ' ' ~ items[0]) -%}
    {%- endif -%}
    {%- if condition.if_missing != 'true' -%}{{ return(test) }}{%- endif -%}
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
    {%- if item.startswith('attr:') and type != 'boolean' -%}
        {%- if item[5:] not in attributes or attributes[item[5:]].value_type != type -%}
            {{ segment_rule_fault(condition, "`" ~ item[5:] ~ "` is not a " ~ type) }}
        {%- endif -%}
        {{ return(segment_column(item[5:])) }}
    {%- endif -%}
    {%- if type == 'number' and segment_percentile(item) is not none -%}
        {{ return("(select max(percentiles.threshold) from percentiles where percentiles.attribute_name = "
            ~ text_literal(condition.attribute) ~ " and percentiles.percentile = '" ~ segment_percentile(item) ~ "')") }}
    {%- endif -%}
    {%- if type == 'number' and modules.re.match('^[+-]?[0-9]{1,18}([.][0-9]{1,10})?\Z', item) -%}
        {{ return(item | replace('+', '')) }}
    {%- endif -%}
    {%- if type == 'date' and modules.re.match('^[+-]?[0-9]{1,5}d\Z', item) -%}
        {{ return(days_before(condition.get('day') or as_of_date(), 0 - (item[:-1] | int))) }}
    {%- endif -%}
    {%- if type == 'date' and modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z', item) -%}
        {{ return("cast('" ~ item ~ "' as date)") }}
    {%- endif -%}
    {%- if type == 'text' and item != '' -%}
        {{ return(text_literal(item)) }}
    {%- endif -%}
    {{ segment_rule_fault(condition, "`" ~ item ~ "` is not a value for a " ~ type) }}
{%- endmacro %}

{# The percentile that `pct:25` names, as text in one spelling; none for anything else. #}
{% macro segment_percentile(item) -%}
    {%- if not modules.re.match('^pct:(100|[0-9]{1,2}([.][0-9]{1,2})?)\Z', item) -%}{{ return(none) }}{%- endif -%}
    {{ return(segment_plain_number(item[4:])) }}
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

{# Stops with the condition at fault. #}
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
    {{ return(tests | join('\n                and ')) }}
{%- endmacro %}
