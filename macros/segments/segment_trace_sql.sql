{# Why customers are in a segment or not: one row per (customer_id, segment_key) of `pairs` and condition of that segment's
   rule, with the customer's value and the rule's. `pairs`, `features`, `percentiles` and, where a rule refers to another
   segment, `lower_matches` name relations or CTEs; `features` holds what the rules of `segments` read (default: the
   active ones). Relative days count from features.as_of_date. With `by_day` all four have an as_of_date and are joined on
   it, so that the trace of a past day shows the values of that day. Columns:
     as_of_date (by_day), customer_id, segment_key, kind (scope, include, exclude), alternative, condition_number (of the
     segment; scope is 0), attribute, operator, value, if_missing, condition_text, actual_value (`missing` where there is
     none), expected_value (thresholds, days and values of other attributes filled in), expected_note (what these are),
     is_met. #}
{% macro segment_trace_sql(pairs, features, percentiles, segments=none, lower_matches='lower_matches', by_day=false) -%}
    {%- set segments = segment_rules_to_evaluate() if segments is none else segments -%}
    {%- set reads_members = segment_conditions_of(segments) | selectattr('value_type', 'equalto', 'segment') | list -%}
    {%- set keys = ['as_of_date', 'customer_id'] if by_day else ['customer_id'] -%}
    {%- set columns = (keys + [
        'segment_key', 'kind', 'alternative', 'condition_number', 'attribute', 'operator', 'value', 'if_missing',
        'condition_text'
    ]) | join(', ') -%}
    select
        {{ columns }},
        actual_value,
        coalesce(expected_text, {{ ordered_text_list('shown_item', 'item_number', '|') }}) as expected_value,
        expected_note,
        case
            when constant is not null then constant = 'true'
            when is_met_when_missing and bool_or(is_gap) then true
            when combine = 'any' and not is_negated then coalesce(bool_or(is_item_met), false)
            -- A missing value meets no condition, not even "is not".
            when bool_or(is_item_met is null) then false
            when combine = 'any' then not bool_or(is_item_met)
            else bool_and(is_item_met) <> is_negated
        end as is_met
    from (
        select
            *,
            case
                when value_type = 'segment' then case when is_member then 'member' else 'not a member' end
                when constant is not null then 'missing'
                else coalesce({{ segment_rounded_text('own_value', 'is_rounded') }}, 'missing')
            end as actual_value,
            case
                when item_kind in ('attribute', 'percentile')
                    then coalesce({{ segment_rounded_text('other_value', 'is_item_rounded') }}, 'missing')
                when item_kind = 'day' then other_value
                else item
            end as shown_item,
            own_value is null or (item_kind = 'attribute' and other_value is null) as is_gap,
            {{ segment_item_test() }} as is_item_met
        from (
            select
                pairs.{{ keys | join(', pairs.') }},
                items.*,
                {{ segment_value_by_name('items.attribute', ['customer_type'] + segment_attributes_read(segments)) }} as own_value,
                case items.item_kind
                    when 'attribute'
                        then {{ segment_value_by_name('items.item_value', segment_attributes_compared(segments)) }}
                    when 'percentile' then {{ exact_text('percentiles.threshold') }}
                    when 'day'
                        then cast({{ days_before('features.as_of_date', 'floor(try_cast(items.item_value as double))') }} as {{ dbt.type_string() }})
                    else items.item_value
                end as other_value,
                {{ 'lower_matches.customer_id is not null' if reads_members else 'false' }} as is_member
            from {{ pairs }} as pairs
            inner join {{ features }} as features
                on {% for key in keys %}{{ 'and ' if not loop.first }}pairs.{{ key }} = features.{{ key }} {% endfor %}
            inner join {{ ref('int_segment_rule_items') }} as items
                on pairs.segment_key = items.segment_key
            left join {{ percentiles }} as percentiles
                on
                    items.item_kind = 'percentile'
                    and items.attribute = percentiles.attribute_name
                    and items.item_value = percentiles.percentile
                    {{ 'and pairs.as_of_date = percentiles.as_of_date' if by_day }}
            {%- if reads_members %}
            left join {{ lower_matches }} as lower_matches
                on
                    {% for key in keys %}pairs.{{ key }} = lower_matches.{{ key }} and {% endfor %}items.item_kind = 'segment'
                    and items.item_value = lower_matches.segment_key
            {%- endif %}
        ) as read_values
    ) as item_tests
    group by
        {{ columns }}, combine, is_negated, is_met_when_missing, actual_value, expected_text, expected_note, constant
{%- endmacro %}

{# Whether a customer's value meets one item of a condition by its comparison, as SQL over own_value and
   other_value (texts), value_type and is_member; null where one of them is missing. #}
{% macro segment_item_test() -%}
    case comparison
        when 'is_member' then is_member
        when 'is_known' then own_value is not null
        when 'is_true' then own_value = 'true'
        {%- for comparison in ['equals', 'above', 'at_least', 'below', 'at_most'] %}
        when '{{ comparison }}' then
            case
                when value_type = 'number'
                    then {{ segment_comparison_sql(comparison, 'try_cast(own_value as double)', 'try_cast(other_value as double)') }}
                else {{ segment_comparison_sql(comparison, 'own_value', 'other_value') }}
            end
        {%- endfor %}
        {%- for comparison in ['contains', 'starts_with', 'ends_with', 'has_item'] %}
        when '{{ comparison }}' then {{ segment_comparison_sql(comparison, 'own_value', 'other_value') }}
        {%- endfor %}
    end
{%- endmacro %}

{# The customer's value of the attribute whose name a column holds, as text. #}
{% macro segment_value_by_name(column, names) -%}
    {%- if not names -%}{{ return('cast(null as ' ~ dbt.type_string() ~ ')') }}{%- endif -%}
    case {{ column }}
        {%- for name in names | unique(case_sensitive=true) %}
        when {{ text_literal(name) }} then {{ exact_text(segment_column(name)) }}
        {%- endfor %}
    end
{%- endmacro %}

{# A number as text with at most four decimals, where it may have more; any other text as it is. #}
{% macro segment_rounded_text(value, is_rounded) -%}
    case when {{ is_rounded }} then {{ number_text('try_cast(' ~ value ~ ' as double)', 4) }} else {{ value }} end
{%- endmacro %}
