-- Grain: one row per two conditions of one alternative where no value named by the first meets the second.
with pairs as (

    select * from {{ ref('int_segment_condition_pairs') }}

),

items as (

    select * from {{ ref('int_segment_value_items') }}
    where scale is not null

),

-- Each value named by a condition, compared with what the other condition names.
compared as (

    select
        pairs.condition_key,
        pairs.other_key,
        pairs.other_combine,
        pairs.is_other_negated,
        items.spelling,
        case pairs.other_comparison
            when 'equals' then items.spelling = others.spelling
            {%- for comparison in ['contains', 'starts_with', 'ends_with', 'has_item'] %}
            when '{{ comparison }}' then {{ segment_comparison_sql(comparison, 'items.item', 'others.item') }}
            {%- endfor %}
            else
                items.place between pairs.other_low and pairs.other_high
                and not (items.place = pairs.other_low and pairs.is_other_low_open)
                and not (items.place = pairs.other_high and pairs.is_other_high_open)
        end as is_met

    from pairs
    inner join items
        on pairs.condition_key = items.condition_key
    inner join items as others
        on pairs.other_key = others.condition_key
    where pairs.is_comparable and pairs.comparison = 'equals' and not pairs.is_negated

),

value_results as (

    select
        condition_key,
        other_key,
        spelling,
        case when other_combine = 'any' then bool_or(is_met) else bool_and(is_met) end <> is_other_negated
            as is_possible

    from compared
    group by condition_key, other_key, other_combine, is_other_negated, spelling

),

-- A set must both have and not have the same items: some where all are required, all where any of them suffices.
set_results as (

    select
        pairs.condition_key,
        pairs.other_key,
        case
            when pairs.combine = 'all' then bool_or(others.spelling is not null)
            else bool_and(others.spelling is not null)
        end as is_impossible

    from pairs
    inner join items
        on pairs.condition_key = items.condition_key
    left join items as others
        on
            pairs.other_key = others.condition_key
            and items.spelling = others.spelling
    where
        pairs.comparison = 'has_item' and not pairs.is_negated
        and pairs.other_comparison = 'has_item' and pairs.is_other_negated and pairs.other_combine = 'any'
    group by pairs.condition_key, pairs.other_key, pairs.combine

),

clashes as (

    select
        condition_key,
        other_key

    from value_results
    group by condition_key, other_key
    having not bool_or(is_possible)
    union
    select
        condition_key,
        other_key

    from set_results
    where is_impossible

)

select * from clashes
