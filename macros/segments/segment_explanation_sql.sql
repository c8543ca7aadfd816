{# For a membership: the conditions that hold, with the customer's own values, in words. Over `features`,
   `percentiles`, `lower_matches` and `memberships`. #}
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

{# One condition with the customer's own value, such as `order_count_180d 4 >= 3`. #}
{% macro segment_condition_explanation(condition, attributes) -%}
    {%- if segment_reference(condition.attribute) is not none -%}
        {{ return(text_literal(segment_condition_text(condition))) }}
    {%- endif -%}
    {%- set shown = segment_shown_value(condition.attribute, attributes) -%}
    {%- set name = text_literal(condition.attribute ~ ' ') -%}
    {%- if condition.constant -%}
        {{ return(text_literal(condition.attribute ~ ' not known: its source is off')) }}
    {%- endif -%}
    {%- set operator = segment_operator(condition.operator) -%}
    {%- if operator.comparisons == ['is_true'] -%}
        {{ return("concat(" ~ name ~ ", " ~ shown ~ ")") }}
    {%- elif operator.comparisons == ['is_known'] and operator.is_negated -%}
        {{ return(text_literal(condition.attribute ~ ' ' ~ operator.words)) }}
    {%- elif operator.takes == 'none' -%}
        {{ return("concat(" ~ name ~ ", " ~ shown ~ ", " ~ text_literal(' ' ~ operator.words) ~ ")") }}
    {%- endif -%}
    {%- set items = [] -%}
    {%- for item in segment_condition_items(condition) -%}
        {%- do items.append(segment_shown_item(condition, item, attributes)) -%}
    {%- endfor -%}
    {%- set glue = ", ' and ', " if operator.takes == 'two' else ", '|', " -%}
    {{ return("concat(" ~ name ~ ", " ~ shown ~ ", " ~ text_literal(' ' ~ condition.operator | replace('_', ' ') ~ ' ')
        ~ ", " ~ items | join(glue) ~ (", ' or not known'" if condition.if_missing == 'true' else '') ~ ")") }}
{%- endmacro %}

{# A customer's value as text; numbers with at most four decimals. #}
{% macro segment_shown_value(attribute, attributes) -%}
    {%- set column = segment_column(attribute) -%}
    {%- set data_type = attributes[attribute].data_type -%}
    {%- if data_type in ('double', 'float', 'real') -%}{%- set column = 'round(' ~ column ~ ', 4)' -%}{%- endif -%}
    {{ return("coalesce(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), 'missing')") }}
{%- endmacro %}

{# A rule's value as text: the threshold of a percentile and the value of another attribute are shown too. #}
{% macro segment_shown_item(condition, item, attributes) -%}
    {%- if item.startswith('attr:') and item[5:] in attributes -%}
        {{ return(text_literal(item[5:] ~ ' ') ~ ", " ~ segment_shown_value(item[5:], attributes)) }}
    {%- elif attributes[condition.attribute].value_type == 'number' and segment_percentile(item) is not none -%}
        {{ return("cast(round(" ~ segment_value_sql(condition, item, 'number', attributes) ~ ", 4) as " ~ dbt.type_string()
            ~ "), " ~ text_literal(' (' ~ segment_value_text(item) ~ ')')) }}
    {%- endif -%}
    {{ return(text_literal(item)) }}
{%- endmacro %}
