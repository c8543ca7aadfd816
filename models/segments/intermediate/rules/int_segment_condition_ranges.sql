-- Grain: one row per sound condition: what it lets through as a range on a scale, where it is one, and in one spelling.
with conditions as (

    select distinct
        condition_key,
        segment_key,
        kind,
        alternative,
        attribute,
        operator,
        if_missing,
        value_type,
        lowest,
        highest,
        is_never_null,
        is_whole,
        row_text,
        takes_no_value

    from {{ ref('int_segment_conditions') }}
    where is_known_attribute and odd_sign is null and {{ has_item_of('allowed_operators', 'operator') }}

),

items as (

    select
        condition_key,
        {{ sorted_text_list('spelling', '|') }} as spelled_value,
        min(scale) as scale,
        min(place) as least,
        max(place) as most,
        count(*) = count(scale) and count(distinct scale) = 1 as is_on_one_scale

    from {{ ref('int_segment_value_items') }}
    group by condition_key

),

joined as (

    select
        conditions.*,
        coalesce(items.spelled_value, '') as spelled_value,
        case when items.is_on_one_scale then items.scale end as scale,
        case when items.is_on_one_scale then items.least end as least,
        case when items.is_on_one_scale then items.most end as most,
        -- On these scales nothing lies between two whole numbers.
        conditions.is_whole and items.scale in ('number', 'day', 'relative day') as has_steps

    from conditions
    left join items
        on conditions.condition_key = items.condition_key
    where conditions.takes_no_value or items.condition_key is not null

),

ranges as (

    select
        *,
        case
            when operator in ('=', '>=', 'between', 'in') then least
            when operator = '>' then case when has_steps then floor(least) + 1 else least end
            when operator in ('<', '<=') then cast('-infinity' as double)
        end as low,
        case
            when operator in ('=', '<=', 'between', 'in') then most
            when operator = '<' then case when has_steps then ceil(most) - 1 else most end
            when operator in ('>', '>=') then cast('infinity' as double)
        end as high,
        operator = '>' and not has_steps as is_low_open,
        operator = '<' and not has_steps as is_high_open

    from joined

),

judged as (

    select
        *,
        scale = 'number'
        and (high < lowest or low > highest or (high = lowest and is_high_open) or (low = highest and is_low_open))
            as is_never_met,
        case
            when operator = 'is_not_null' then true
            else
                scale = 'number'
                and operator <> 'in'
                and (low <= lowest and not (low = lowest and is_low_open))
                and (high >= coalesce(highest, cast('infinity' as double)) and not (high = highest and is_high_open))
        end as is_met_when_known

    from ranges

)

select * from judged
