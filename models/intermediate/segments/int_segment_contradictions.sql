-- Grain: one row per pair of conditions of one alternative that cannot both hold.
with conditions as (

    select * from {{ ref('int_segment_condition_ranges') }}

),

items as (

    select * from {{ ref('int_segment_value_items') }}
    where scale is not null

),

pairs as (

    select
        one.condition_key,
        one.segment_key,
        one.row_text,
        one.operator,
        other.condition_key as other_key,
        other.row_text as other_text,
        other.operator as other_operator,
        other.if_missing as other_if_missing,
        one.scale is not null and one.scale = other.scale as is_comparable,
        one.low > other.high
        or (one.low = other.high and (one.is_low_open or other.is_high_open)) as is_above,
        other.low as other_low,
        other.high as other_high,
        other.is_low_open as is_other_low_open,
        other.is_high_open as is_other_high_open

    from conditions as one
    inner join conditions as other
        on
            one.segment_key = other.segment_key
            and one.kind = other.kind
            and one.alternative = other.alternative
            and one.attribute = other.attribute
            and one.condition_key <> other.condition_key
            -- Two conditions that a missing value meets agree on that.
            and (one.if_missing <> 'true' or other.if_missing <> 'true')

),

-- Of a condition that names its values, each value against the other condition.
values_tried as (

    select
        pairs.condition_key,
        pairs.other_key,
        items.spelling,
        case pairs.other_operator
            when '=' then max(case when items.spelling = others.spelling then 1 else 0 end)
            when 'in' then max(case when items.spelling = others.spelling then 1 else 0 end)
            when '!=' then min(case when items.spelling <> others.spelling then 1 else 0 end)
            when 'not_in' then min(case when items.spelling <> others.spelling then 1 else 0 end)
            when 'contains' then min(case when instr(items.item, others.item) > 0 then 1 else 0 end)
            when 'not_contains' then min(case when instr(items.item, others.item) = 0 then 1 else 0 end)
            when 'starts_with' then min(case when instr(items.item, others.item) = 1 then 1 else 0 end)
            when 'ends_with' then min(case when right(items.item, length(others.item)) = others.item then 1 else 0 end)
            else max(
                case
                    when items.place < pairs.other_low or items.place > pairs.other_high then 0
                    when items.place = pairs.other_low and pairs.is_other_low_open then 0
                    when items.place = pairs.other_high and pairs.is_other_high_open then 0
                    else 1
                end
            )
        end as is_possible

    from pairs
    inner join items
        on pairs.condition_key = items.condition_key
    inner join items as others
        on pairs.other_key = others.condition_key
    where pairs.is_comparable and pairs.operator in ('=', 'in')
    group by pairs.condition_key, pairs.other_key, items.spelling, pairs.other_operator

),

-- A set that has, and has not, the same items.
sets_tried as (

    select
        pairs.condition_key,
        pairs.other_key,
        case pairs.operator
            when 'has_all' then max(case when items.spelling = others.spelling then 1 else 0 end)
            else min(case when others.spelling is not null then 1 else 0 end)
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

found as (

    select pairs.*

    from pairs
    left join (
        select
            condition_key,
            other_key,
            max(is_possible) as is_possible

        from values_tried
        group by condition_key, other_key
    ) as tried
        on pairs.condition_key = tried.condition_key and pairs.other_key = tried.other_key
    left join sets_tried
        on pairs.condition_key = sets_tried.condition_key and pairs.other_key = sets_tried.other_key
    where
        (pairs.is_comparable and pairs.is_above)
        or tried.is_possible = 0
        or sets_tried.is_impossible = 1
        or (pairs.operator = 'is_null' and pairs.other_operator <> 'is_null' and pairs.other_if_missing <> 'true')
        or (pairs.operator = 'is_true' and pairs.other_operator = 'is_false')
        or (pairs.operator = 'is_member' and pairs.other_operator = 'is_not_member')

),

faults as (

    select
        'segment_rule_conditions' as seed_name,
        segment_key,
        least(row_text, other_text) as row_text,
        false as is_structural,
        concat('it cannot hold together with `', substr(greatest(row_text, other_text), length(segment_key) + 3), '`') as reason,
        'put the two into different alternatives, or delete one' as suggestion

    from found

)

select distinct * from faults
