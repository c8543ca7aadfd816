-- Grain: one row per violation by a segment's definition: names, a missing rule, status changes that are not allowed.
with definitions as (

    select
        trim(segment_key) as segment_key,
        segment_name,
        lower(trim(segment_name)) as plain_name,
        lower(trim(status)) as status

    from {{ ref('segment_definitions') }}

),

conditions as (

    select distinct segment_key
    from {{ ref('int_segment_conditions') }}
    where kind = 'include'

),

recorded as (

    {{ segment_recorded_rows() }}

),

steps as (

    select * from {{ ref('segment_status_steps') }}

),

violations as (

    select
        definitions.segment_key,
        false as is_structural,
        'it has no include condition, so it can have no members' as reason,
        'add a row to segment_rule_conditions, or make it a draft' as suggestion

    from definitions
    left join conditions
        on definitions.segment_key = conditions.segment_key
    where conditions.segment_key is null

    union all

    select
        segment_key,
        false,
        concat_ws('', 'the name `', trim(segment_name), '` starts or ends with a space'),
        'delete the space'

    from definitions
    where trim(segment_name) <> '' and segment_name <> trim(segment_name)

    union all

    select
        segment_key,
        false,
        concat_ws('', 'the name `', trim(segment_name), '` contains the word ', {{ segment_loose_word('plain_name') }}),
        'name it after the people in it; experiments and leftovers need no segment'

    from definitions
    where {{ segment_loose_word('plain_name') }} <> ''

    union all

    select
        definitions.segment_key,
        false,
        concat_ws(
            '', 'the name `', trim(definitions.segment_name), '` is also used by `', min(others.segment_key), '`'
        ),
        'give every segment a unique name; case is ignored'

    from definitions
    inner join definitions as others
        on
            definitions.plain_name = others.plain_name
            and definitions.segment_key <> others.segment_key
    where definitions.plain_name <> ''
    group by definitions.segment_key, definitions.segment_name

    union all

    select
        definitions.segment_key,
        true,
        concat_ws('', recorded.status, ' → ', definitions.status, ' is not allowed'),
        'copy it under a new key, or set it to draft first'

    from definitions
    inner join recorded
        on definitions.segment_key = recorded.segment_key
    left join steps
        on
            recorded.status = steps.from_status
            and definitions.status = steps.to_status
    where
        recorded.status <> definitions.status
        and steps.from_status is null
        and definitions.status in ('draft', 'in_review', 'approved', 'active', 'paused', 'retired')

)

select distinct * from violations
