-- Grain: one row per condition whose value as a whole does not fit its operator: missing, needless, half, reversed.
with conditions as (

    select * from {{ ref('int_segment_conditions') }}
    where is_known_attribute and odd_sign is null and {{ has_item_of('allowed_operators', 'operator') }}

),

items as (

    select * from {{ ref('int_segment_value_items') }}

),

-- The two ends of a between, where both stand on one scale.
ends as (

    select
        segment_key,
        row_text,
        value,
        max(case when item = trim(split_part(value, '|', 1)) then place end) as from_place,
        max(case when item = trim(split_part(value, '|', 2)) then place end) as to_place

    from items
    where operator = 'between'
    group by segment_key, row_text, value
    having count(distinct scale) = 1

),

faults as (

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

    from ends
    where from_place > to_place

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

select distinct * from named
