-- Grain: one row per fault in a segment's days and in the order of its statuses.
with definitions as (

    select
        trim(segment_key) as segment_key,
        lower(trim(status)) as status,
        lower(trim(segment_kind)) as segment_kind,
        coalesce(trim(expires_on), '') as expires_on,
        coalesce(trim(review_by), '') as review_by

    from {{ ref('segment_definitions') }}
    where nullif(trim(segment_key), '') is not null

),

days as (

    select
        segment_key,
        'expires_on' as column_name,
        expires_on as stated_day

    from definitions

    union all

    select
        segment_key,
        'review_by',
        review_by

    from definitions

),

recorded as (

    {{ segment_recorded_rows() }}

),

steps as (

    select * from {{ ref('segment_status_steps') }}

),

faults as (

    select
        segment_key,
        false as is_structural,
        concat(column_name, ' is `', stated_day, '`') as reason,
        'write a day such as 2026-09-30, or leave it empty' as suggestion

    from days
    where
        stated_day <> ''
        and (
            {{ regexp_keep('stated_day', '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') }} = ''
            or not {{ is_calendar_day('stated_day') }}
        )

    union all

    select
        segment_key,
        false,
        'it is an ad-hoc list without a last day',
        'fill expires_on with its last day, such as 2026-09-30'

    from definitions
    where segment_kind = 'ad_hoc' and expires_on = ''

    union all

    select
        segment_key,
        false,
        concat('it expires on ', expires_on, ' although it is dynamic'),
        'empty expires_on, or make it ad_hoc; a dynamic segment ends by the status retired'

    from definitions
    where segment_kind = 'dynamic' and expires_on <> ''

    union all

    select
        definitions.segment_key,
        true,
        concat(recorded.status, ' → ', definitions.status, ' is not allowed'),
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

),

named as (

    select
        'segment_definitions' as seed_name,
        segment_key,
        segment_key as row_text,
        is_structural,
        reason,
        suggestion

    from faults

)

select distinct * from named
