-- Grain: one row per two conditions of one alternative of which no value that the first names meets the second.
with pairs as (

    select * from {{ ref('int_segment_condition_pairs') }}

),

items as (

    select * from {{ ref('int_segment_value_items') }}
    where scale is not null

),

-- Of a condition that names its values, each value against what the other condition names.
compared as (

    select
        pairs.condition_key,
        pairs.other_key,
        pairs.other_operator,
        items.spelling,
        items.spelling = others.spelling as is_equal,
        instr(items.item, others.item) as position_in,
        right(items.item, length(others.item)) = others.item as is_ending,
        case
            when items.place < pairs.other_low or items.place > pairs.other_high then 0
            when items.place = pairs.other_low and pairs.is_other_low_open then 0
            when items.place = pairs.other_high and pairs.is_other_high_open then 0
            else 1
        end as is_within

    from pairs
    inner join items
        on pairs.condition_key = items.condition_key
    inner join items as others
        on pairs.other_key = others.condition_key
    where pairs.is_comparable and pairs.operator in ('=', 'in')

),

values_tried as (

    select
        condition_key,
        other_key,
        spelling,
        case
            when other_operator in ('=', 'in') then bool_or(is_equal)
            when other_operator in ('!=', 'not_in') then not bool_or(is_equal)
            when other_operator = 'contains' then bool_and(position_in > 0)
            when other_operator = 'not_contains' then bool_and(position_in = 0)
            when other_operator = 'starts_with' then bool_and(position_in = 1)
            when other_operator = 'ends_with' then bool_and(is_ending)
            else bool_or(is_within = 1)
        end as is_possible

    from compared
    group by condition_key, other_key, other_operator, spelling

),

-- A set that has, and has not, the same items: one of all of them, or every one of any.
sets_tried as (

    select
        pairs.condition_key,
        pairs.other_key,
        case
            when pairs.operator = 'has_all' then bool_or(others.spelling is not null)
            else bool_and(others.spelling is not null)
        end as is_impossible

    from pairs
    inner join items
        on pairs.condition_key = items.condition_key
    left join items as others
        on
            pairs.other_key = others.condition_key
            and items.spelling = others.spelling
    where pairs.operator in ('has_all', 'has_any') and pairs.other_operator = 'has_none'
    group by pairs.condition_key, pairs.other_key, pairs.operator

),

clashes as (

    select
        condition_key,
        other_key

    from values_tried
    group by condition_key, other_key
    having not bool_or(is_possible)
    union
    select
        condition_key,
        other_key

    from sets_tried
    where is_impossible

)

select * from clashes
