-- Grain: one row per fault of a condition as a whole: segment, kind, alternative, if_missing, odd signs, repetition.
with conditions as (

    select * from {{ ref('int_segment_conditions') }}

),

definitions as (

    select distinct trim(segment_key) as segment_key from {{ ref('segment_definitions') }}

),

nearest_segments as (

    select
        conditions.segment_key,
        min_by(
            definitions.segment_key, {{ name_distance('conditions.segment_key', 'definitions.segment_key') }}
        ) as nearest_key

    from (select distinct segment_key from conditions) as conditions
    cross join definitions
    where
        {{ name_distance('conditions.segment_key', 'definitions.segment_key') }}
        <= 0.4 * length(conditions.segment_key)
    group by conditions.segment_key

),

repeated as (

    select
        segment_key,
        row_text,
        count(*) as row_count

    from conditions
    group by segment_key, row_text, if_missing

),

faults as (

    select
        conditions.segment_key,
        conditions.row_text,
        true as is_structural,
        concat('`', conditions.segment_key, '` is not a segment of segment_definitions') as reason,
        coalesce(
            {{ dbt.concat(["'did you mean `'", 'nearest_segments.nearest_key', "'`?'"]) }},
            'add the segment to segment_definitions, or correct the key'
        ) as suggestion

    from conditions
    left join definitions
        on conditions.segment_key = definitions.segment_key
    left join nearest_segments
        on conditions.segment_key = nearest_segments.segment_key
    where definitions.segment_key is null

    union all

    select
        segment_key,
        row_text,
        true,
        concat('`', kind, '` is not a kind of condition'),
        'write include or exclude'

    from conditions
    where kind not in ('include', 'exclude')

    union all

    select
        segment_key,
        row_text,
        true,
        concat('alternative `', alternative, '` is not a number'),
        'write 1, or 2 and so on for another alternative'

    from conditions
    where {{ regexp_keep('alternative', '^[1-9][0-9]{0,3}$') }} = ''

    union all

    select
        segment_key,
        row_text,
        false,
        concat('the cell ', split_part(odd_sign, '|', 1), ' holds ', split_part(odd_sign, '|', 2)),
        'type the cell again, without pasting it from another program'

    from conditions
    where odd_sign is not null

    union all

    select
        segment_key,
        row_text,
        false,
        concat('if_missing is `', if_missing, '`'),
        'write true or false, or leave it empty'

    from conditions
    where if_missing not in ('', 'true', 'false')

    union all

    select
        segment_key,
        row_text,
        false,
        concat('if_missing says nothing with operator `', operator, '`'),
        'leave it empty'

    from conditions
    where if_missing <> '' and operator in ('is_null', 'is_not_null', 'is_member', 'is_not_member')

    union all

    select
        segment_key,
        row_text,
        false,
        'the same condition stands there twice',
        'delete one of the rows'

    from repeated
    where row_count > 1

),

named as (

    select
        'segment_rule_conditions' as seed_name,
        segment_key,
        row_text,
        is_structural,
        reason,
        suggestion

    from faults

)

select distinct * from named
