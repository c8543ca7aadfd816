-- Grain: one row per fault in the value of a condition.
with conditions as (

    select * from {{ ref('int_segment_conditions') }}
    where is_known_attribute and instr(concat('|', allowed_operators, '|'), concat('|', operator, '|')) > 0

),

attributes as (

    select * from {{ ref('attribute_catalogue') }}

),

items as (

    select
        *,
        trim(raw_item) as item

    from (
        select
            *,
            {{ split_to_rows('value') }} as raw_item

        from conditions
        where takes_list and value <> ''
        union all
        select
            *,
            value as raw_item

        from conditions
        where not takes_list and not takes_no_value and value <> ''
    ) as split_items

),

described as (

    select
        items.*,
        items.item like 'attr:%' as is_attribute,
        attributes.value_type as other_value_type,
        {{ regexp_keep('items.item', '^pct:(100|[0-9]{1,2}([.][0-9]{1,2})?)$') }} <> '' as is_percentile,
        {{ regexp_keep('items.item', '^[+-]?[0-9]{1,18}([.][0-9]{1,10})?$') }} <> '' as is_number,
        {{ regexp_keep('items.item', '^[+-]?[0-9]{1,5}d$') }} <> ''
        or (
            {{ regexp_keep('items.item', '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') }} <> ''
            and {{ is_calendar_day('items.item') }}
        )
            as is_day

    from items
    left join attributes
        on items.item = concat('attr:', attributes.attribute_name)

),

item_faults as (

    select
        segment_key,
        row_text,
        case
            when is_attribute and other_value_type is null
                then concat('`', substr(item, 6), '` is not an attribute')
            when is_attribute
                then concat('`', substr(item, 6), '` is a ', other_value_type, ', `', attribute, '` is a ', value_type)
            when item like 'pct:%' and value_type = 'number' then concat('`', item, '` is not a percentile')
            when item = '' then 'the list has an empty item'
            else concat('value `', item, '` for a ', value_type)
        end as reason,
        case
            when is_attribute then 'name an attribute of the same type after attr:'
            when item like 'pct:%' then 'write pct: and a number from 0 to 100, for an attribute that is a number'
            when value_type = 'number' then 'write a number such as 3 or 0.25, without thousands separators'
            when value_type = 'date' then 'write a day such as 2026-06-30, or -30d'
            else 'write a text'
        end as suggestion

    from described
    where
        case
            when is_attribute then other_value_type is null or other_value_type <> value_type
            when value_type = 'number' then not (is_number or is_percentile)
            when value_type = 'date' then not is_day
            else item = ''
        end

),

condition_faults as (

    select
        segment_key,
        row_text,
        concat('operator `', operator, '` needs a value') as reason,
        'fill the column value' as suggestion

    from conditions
    where not takes_no_value and value = ''

    union all

    select
        segment_key,
        row_text,
        concat('operator `', operator, '` takes no value, `', value, '` was given'),
        'leave the column value empty'

    from conditions
    where takes_no_value and value <> ''

    union all

    select
        segment_key,
        row_text,
        'between takes two values',
        'write the lower and the upper one joined by |, such as 31|120'

    from conditions
    where operator = 'between' and value <> '' and length(value) - length(replace(value, '|', '')) <> 1

    union all

    select
        segment_key,
        row_text,
        concat('between has its values the wrong way round: ', value),
        'write the lower one first'

    from conditions
    where
        operator = 'between'
        and value_type = 'number'
        and {{ decimal_number("split_part(value, '|', 1)") }} > {{ decimal_number("split_part(value, '|', 2)") }}

),

faults as (

    select * from item_faults
    union all
    select * from condition_faults

),

named as (

    select
        'segment_rule_conditions' as seed_name,
        segment_key,
        row_text,
        false as is_structural,
        reason,
        suggestion

    from faults

)

select * from named
