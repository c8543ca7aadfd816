-- Grain: one row per violation by a condition as a whole: unknown segment, invalid characters, a value or an if_missing
-- that does not fit the operator.
with conditions as (

    select * from {{ ref('int_segment_conditions') }}

),

-- Rows that another check reports are not checked further.
valid_conditions as (

    select * from conditions
    where is_known_attribute and invalid_character is null and {{ has_item_of('allowed_operators', 'operator') }}

),

-- Segments that do not exist, each with the one that was probably meant.
unknown_segments as (

    select
        unknown.segment_key,
        {{ nearest_name('unknown.segment_key', 'definitions.segment_key') }} as meant

    from (
        select distinct segment_key from conditions
        where
            segment_key not in (
                select coalesce(trim(known.segment_key), '') from {{ ref('segment_definitions') }} as known
            )
    ) as unknown
    left join {{ ref('segment_definitions') }} as definitions
        on
            {{ name_distance('unknown.segment_key', 'definitions.segment_key') }}
            <= 0.4 * length(unknown.segment_key)
    group by unknown.segment_key

),

violations as (

    select
        conditions.segment_key,
        conditions.row_text,
        true as is_structural,
        concat_ws('', '`', conditions.segment_key, '` is not a segment of segment_definitions') as reason,
        coalesce(
            'did you mean `' || unknown_segments.meant || '`?',
            'add the segment to segment_definitions, or correct the key'
        ) as suggestion

    from conditions
    inner join unknown_segments
        on conditions.segment_key = unknown_segments.segment_key

    union all

    select
        segment_key,
        row_text,
        false,
        concat_ws(
            '', 'the cell ', split_part(invalid_character, '|', 1), ' contains ', split_part(invalid_character, '|', 2)
        ),
        'type the cell again, without pasting it from another program'

    from conditions
    where invalid_character is not null

    union all

    select
        segment_key,
        row_text,
        false,
        case
            when takes_no_value then concat_ws('', 'operator `', operator, '` takes no value, `', value, '` was given')
            when value = '' then concat_ws('', 'operator `', operator, '` needs a value')
            else concat_ws('', operator, ' takes two values')
        end,
        case
            when takes_no_value then 'leave the column value empty'
            when value = '' then 'fill the column value'
            else 'write the lower and the upper one joined by |, such as 31|120'
        end

    from valid_conditions
    where
        takes_no_value = (value <> '')
        or (takes = 'two' and length(value) - length(replace(value, '|', '')) <> 1)

    union all

    select
        segment_key,
        row_text,
        false,
        concat_ws('', 'if_missing has no effect with operator `', operator, '`'),
        'leave it empty'

    from valid_conditions
    where if_missing <> '' and missing_value <> 'unmet'

)

select distinct * from violations
