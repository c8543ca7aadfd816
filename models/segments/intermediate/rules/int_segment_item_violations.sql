-- Grain: one row per item of a condition's value that is not valid for its attribute, or outside its possible values,
-- and per range whose ends are the wrong way round.
with items as (

    select * from {{ ref('int_segment_value_items') }}

),

-- The two ends of a range, where both are on the same scale.
ends as (

    select
        segment_key,
        row_text,
        operator,
        value,
        max(case when item = trim(split_part(value, '|', 1)) then place end) as from_place,
        max(case when item = trim(split_part(value, '|', 2)) then place end) as to_place

    from items
    where takes = 'two'
    group by segment_key, row_text, operator, value
    having count(distinct scale) = 1

),

violations as (

    select
        segment_key,
        row_text,
        case
            when is_attribute and value_type in ('boolean', 'set')
                then concat_ws('', 'a ', value_type, ' is not compared with another attribute')
            when is_attribute and other_value_type is null
                then concat_ws('', '`', substr(item, 6), '` is not an attribute')
            when is_attribute
                then concat_ws(
                        '', '`', substr(item, 6), '` is a ', other_value_type, ', `', attribute, '` is a ', value_type
                    )
            when item like 'pct:%' and value_type = 'number' then concat_ws('', '`', item, '` is not a percentile')
            when item = '' then 'the list has an empty item'
            when value_type = 'date' and {{ regexp_keep('item', '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') }} <> ''
                then concat_ws('', '`', item, '` is not a calendar date')
            else concat_ws('', 'value `', item, '` for a ', value_type)
        end as reason,
        case
            when is_attribute and value_type = 'set' then 'write the items of the set joined by |'
            when is_attribute then 'name an attribute of the same type after attr:'
            when item = '' then 'delete the extra |'
            when value_type = 'number' then {{ segment_number_suggestion('item', "coalesce(unit, '')") }}
            when value_type = 'date' then {{ segment_day_suggestion('item') }}
            else 'write a text'
        end as suggestion

    from items
    where scale is null

    union all

    select
        segment_key,
        row_text,
        concat_ws('', '`', attribute, '` is compared with itself'),
        'name another attribute after attr:'

    from items
    where scale = concat_ws('', 'attr:', attribute)

    union all

    select
        segment_key,
        row_text,
        concat_ws('', '`', attribute, '` is never ', item),
        case
            when highest is null
                then concat_ws('', 'write a number from ', {{ count_text('lowest') }}, ' upwards')
            else concat_ws(
                    '', 'write a number from ', {{ count_text('lowest') }}, ' to ', {{ count_text('highest') }},
                    case when unit like 'share%' then ', such as 0.25 for 25 %' else '' end
                )
        end

    from items
    where scale = 'number' and (place < lowest or place > highest)

    union all

    select
        segment_key,
        row_text,
        concat_ws('', operator, ' has its values the wrong way round: ', value),
        'write the lower one first'

    from ends
    where from_place > to_place

)

select distinct * from violations
