-- Grain: one row per valid condition: its values normalised, and those it matches as a range where they form one.
with conditions as (

    select distinct * from {{ ref('int_segment_conditions') }}
    where is_known_attribute and invalid_character is null and {{ has_item_of('allowed_operators', 'operator') }}

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
        case
            when items.is_on_one_scale and conditions.combine = 'all' then items.most
            when items.is_on_one_scale then items.least
        end as low_place,
        case
            when items.is_on_one_scale and conditions.combine = 'all' then items.least
            when items.is_on_one_scale then items.most
        end as high_place,
        -- On these scales there is nothing between two whole numbers.
        conditions.is_whole and items.scale in ('number', 'day', 'relative day') as is_discrete

    from conditions
    left join items
        on conditions.condition_key = items.condition_key
    where conditions.takes_no_value or items.condition_key is not null

),

ranges as (

    select
        *,
        case
            when comparison in ('equals', 'at_least') then low_place
            when comparison = 'above' then case when is_discrete then floor(low_place) + 1 else low_place end
            when comparison in ('below', 'at_most') then cast('-infinity' as double)
        end as named_low,
        case
            when last_comparison in ('equals', 'at_most') then high_place
            when last_comparison = 'below' then case when is_discrete then ceil(high_place) - 1 else high_place end
            when last_comparison in ('above', 'at_least') then cast('infinity' as double)
        end as named_high,
        comparison = 'above' and not is_discrete as is_low_open,
        last_comparison = 'below' and not is_discrete as is_high_open,
        -- Several values have others between them that equal none of them.
        takes <> 'several' or comparison <> 'equals' as is_whole_range

    from joined

),

matched_ranges as (

    select
        *,
        case when not is_negated then named_low end as low,
        case when not is_negated then named_high end as high

    from ranges

),

classified as (

    select
        *,
        scale = 'number'
        and (high < lowest or low > highest or (high = lowest and is_high_open) or (low = highest and is_low_open))
            as is_never_met,
        case
            when comparison = 'is_known' then not is_negated
            else
                scale = 'number'
                and is_whole_range
                and (low <= lowest and not (low = lowest and is_low_open))
                and (high >= coalesce(highest, cast('infinity' as double)) and not (high = highest and is_high_open))
        end as is_met_when_known

    from matched_ranges

)

select * from classified
