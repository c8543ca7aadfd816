-- Grain: one row per item of the value of a condition: what it is, and its position on a scale of comparison.
with conditions as (

    select * from {{ ref('int_segment_conditions') }}
    where
        is_known_attribute
        and invalid_character is null
        and not takes_no_value
        and value <> ''
        and {{ has_item_of('allowed_operators', 'operator') }}

),

attributes as (

    select * from {{ ref('attribute_catalogue') }}

),

items as (

    select distinct
        *,
        trim(raw_item) as item

    from (
        select
            *,
            {{ split_to_rows('value') }} as raw_item

        from conditions
        where takes_list
        union all
        select
            *,
            value as raw_item

        from conditions
        where not takes_list
    ) as split_items

),

described as (

    select
        items.*,
        items.item like 'attr:%' as is_attribute,
        attributes.value_type as other_value_type,
        {{ regexp_keep('items.item', '^pct:(100|[0-9]{1,2}([.][0-9]{1,2})?)( +of +[a-z][a-z0-9_]*)?$') }} <> ''
        and items.value_type = 'number' as is_percentile,
        {{ regexp_keep('items.item', '^[+-]?[0-9]{1,18}([.][0-9]{1,10})?$') }} <> ''
        and items.value_type = 'number' as is_number,
        {{ regexp_keep('items.item', '^[+-]?[0-9]{1,5}d$') }} <> '' and items.value_type = 'date' as is_relative_day,
        {{ regexp_keep('items.item', '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') }} <> ''
        and items.value_type = 'date'
        and {{ is_calendar_day('items.item') }} as is_day

    from items
    left join attributes
        on items.item = concat_ws('', 'attr:', attributes.attribute_name)

),

placed as (

    select
        *,
        case when is_percentile and item like '% of %' then {{ regexp_keep('item', '[a-z][a-z0-9_]*$') }} end
            as percentile_base,
        case
            when is_attribute and other_value_type = value_type then item
            when is_percentile then concat_ws('', 'pct ', {{ regexp_keep('item', '( of +[a-z].*)?$') }})
            when is_number then 'number'
            when is_relative_day then 'relative day'
            when is_day then 'day'
            when value_type in ('text', 'set') and item <> '' then 'text'
        end as scale,
        case
            when is_attribute then 0
            when is_percentile then try_cast({{ regexp_keep('substr(item, 5)', '^[0-9.]+') }} as double)
            when is_number then try_cast(item as double)
            when is_relative_day then try_cast(replace(item, 'd', '') as double)
            when is_day then {{ days_between("date '1970-01-01'", 'try_cast(item as date)') }}
        end as place

    from described

),

spelled as (

    select
        *,
        case when scale = 'text' then item else {{ exact_text('place') }} end as spelling

    from placed

)

select * from spelled
