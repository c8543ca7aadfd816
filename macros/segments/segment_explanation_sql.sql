{# For a membership: the conditions that hold, with the customer's own values, in words. Over `features`
   (with the members of segments that rules refer to), `percentiles` and `memberships`. #}
{% macro segment_explanation_sql() -%}
    {%- set attributes = segment_attributes() -%}
    {%- set segments = segment_rules_to_evaluate() -%}
    {%- if not segments -%}{{ return("cast(null as " ~ dbt.type_string() ~ ")") }}{%- endif -%}
    case memberships.segment_key
    {%- for segment in segments %}
        when {{ text_literal(segment.segment_key) }} then concat_ws('; or ',
        {%- for conditions in segment.include.values() %}
            case when {{ segment_alternative_sql(conditions, attributes) }}
                then concat_ws('; '
                    {%- for condition in conditions -%},
                    {{ segment_condition_explanation(condition, attributes) }}
                    {%- endfor -%}
                ) end{{ ',' if not loop.last }}
        {%- endfor %}
        )
    {%- endfor %}
    end
{%- endmacro %}

{# One condition in words with the customer's own value, such as `3 or more orders in the last 180 days (4)`. #}
{% macro segment_condition_explanation(condition, attributes) -%}
    {%- set text = segment_condition_text(condition) -%}
    {%- if segment_reference(condition.attribute) is not none -%}{{ return(text_literal(text)) }}{%- endif -%}
    {%- if condition.constant -%}{{ return(text_literal(text ~ ' (not known: its source is off)')) }}{%- endif -%}
    {%- set operator = segment_operator(condition.operator) -%}
    {%- set shown = segment_shown_value(condition.attribute, attributes) -%}
    {%- if operator.comparisons == ['is_known'] and operator.is_negated -%}{{ return(text_literal(text)) }}{%- endif -%}
    {%- if operator.comparisons == ['is_true'] -%}
        {%- if condition.if_missing != 'true' -%}{{ return(text_literal(text)) }}{%- endif -%}
        {{ return("concat_ws('', " ~ text_literal(text) ~ ', case when ' ~ segment_column(condition.attribute) ~ " is null then ' (not known)' else '' end)") }}
    {%- endif -%}
    {%- set thresholds = [] -%}
    {%- for item in segment_condition_items(condition) -%}
        {%- set threshold = segment_shown_item(condition, item, attributes) -%}
        {%- if threshold is not none -%}{%- do thresholds.append(threshold) -%}{%- endif -%}
    {%- endfor -%}
    {{ return("concat_ws('', " ~ text_literal(text ~ ' (') ~ ", " ~ shown
        ~ (", ', threshold ', " ~ thresholds | join(", ' and ', ") if thresholds else '') ~ ", ')')") }}
{%- endmacro %}

{# A customer's value as text, with its unit; numbers with at most four decimals, shares in per cent. #}
{% macro segment_shown_value(attribute, attributes) -%}
    {%- set column = segment_column(attribute) -%}
    {%- set found = attributes[attribute] -%}
    {%- set phrase = found.phrase or {'kind': '', 'unit': ''} -%}
    {%- set text = 'cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {%- if phrase.unit == ' %' -%}
        {%- set text = number_text('100 * ' ~ column, 2) -%}
    {%- elif found.data_type in ('double', 'float', 'real') -%}
        {%- set text = number_text(column, 4) -%}
    {%- endif -%}
    {%- if phrase.unit -%}
        {%- set text = "concat_ws('', " ~ text ~ ', ' ~ text_literal(phrase.unit) ~ ')' -%}
    {%- elif phrase.kind in ('recency', 'since', 'due') -%}
        {%- set text = "concat_ws('', " ~ text ~ ', case when ' ~ column ~ " = 1 then ' day' else ' days' end)" -%}
    {%- endif -%}
    {{ return('case when ' ~ column ~ " is null then 'not known' else " ~ text ~ ' end') }}
{%- endmacro %}

{# What a rule's value stands for, as SQL: the threshold of a percentile or the value of another attribute; none for any
   other value. #}
{% macro segment_shown_item(condition, item, attributes) -%}
    {%- set type = attributes[condition.attribute].value_type -%}
    {%- if item.startswith('attr:') and item[5:] in attributes and type not in ('boolean', 'set') -%}
        {{ return(segment_shown_value(item[5:], attributes)) }}
    {%- elif type == 'number' and segment_percentile(item) is not none -%}
        {{ return(number_text(segment_value_sql(condition, item, 'number', attributes), 4)) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
