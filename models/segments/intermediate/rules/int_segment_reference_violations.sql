-- Grain: one row per condition that refers to another segment in a way that cannot be evaluated.
with conditions as (

    select
        segment_key,
        row_text,
        member_of as referenced_key

    from {{ ref('int_segment_conditions') }}
    where member_of is not null and invalid_character is null
    union
    select
        segment_key,
        row_text,
        percentile_base

    from {{ ref('int_segment_value_items') }}
    where percentile_base is not null

),

segment_references as (
    {{ literal_rows({
        'segment_key': dbt.type_string(), 'referenced_key': dbt.type_string(), 'level': 'integer', 'cycle': dbt.type_string()
    }, segment_references()) }}

),

definitions as (

    select
        trim(segment_key) as segment_key,
        max(lower(trim(status))) as status

    from {{ ref('segment_definitions') }}
    group by trim(segment_key)

),

nearest_segments as (

    select
        conditions.referenced_key,
        {{ nearest_name('lower(conditions.referenced_key)', 'definitions.segment_key') }} as nearest_key

    from conditions
    inner join definitions
        on
            {{ name_distance('lower(conditions.referenced_key)', 'definitions.segment_key') }}
            <= 0.4 * length(conditions.referenced_key)
    group by conditions.referenced_key

),

described as (

    select
        conditions.*,
        definitions.status,
        own.status as own_status,
        nearest_segments.nearest_key,
        segment_references.cycle,
        segment_references.level

    from conditions
    left join definitions
        on conditions.referenced_key = definitions.segment_key
    left join definitions as own
        on conditions.segment_key = own.segment_key
    left join nearest_segments
        on conditions.referenced_key = nearest_segments.referenced_key
    left join segment_references
        on
            conditions.segment_key = segment_references.segment_key
            and conditions.referenced_key = segment_references.referenced_key

),

worded as (

    select
        segment_key,
        row_text,
        case
            when status is null then concat_ws('', '`', referenced_key, '` is not a segment of segment_definitions')
            when segment_key = referenced_key then 'the segment refers to itself'
            when cycle is not null then concat_ws('', 'the rule refers to itself in a cycle: ', cycle)
            when level is null
                then
                    'the rule depends on more than {{ segment_deepest_level() }} levels of segments,'
                    || ' or on a cycle of segments'
            when own_status = 'active' and status <> 'active'
                then concat_ws('', '`', referenced_key, '` is ', status, ', not active, so it has no members')
        end as reason,
        case
            when status is null
                then coalesce(
                        'did you mean `' || nearest_key || '`?',
                        'segment_definitions lists all segments'
                    )
            when segment_key = referenced_key then 'name another segment, or write its conditions here'
            when cycle is not null then 'remove one of these references'
            when level is null then 'write the conditions of the lowest segment here in place of a reference'
            else 'make it active first, or write its conditions here in place of the reference'
        end as suggestion

    from described

),

violations as (

    select * from worded
    where reason is not null

)

select distinct * from violations
