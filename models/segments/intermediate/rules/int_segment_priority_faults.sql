-- Grain: one row per fault in the order of segments: a priority that is no number, or that another active one has, and
-- selling put before suppression or service recovery.
with definitions as (

    select
        trim(segment_key) as segment_key,
        trim(priority) as priority,
        lower(trim(status)) = 'active' as is_active,
        {{ whole_number('priority') }} as priority_number,
        case
            when {{ has_item('lower(tags)', 'suppression') }} then 1
            when {{ has_item('lower(tags)', 'service_recovery') }} then 2
            else 3
        end as precedence

    from {{ ref('segment_definitions') }}

),

faults as (

    select
        segment_key,
        false as is_structural,
        concat('priority `', priority, '` is not a whole number') as reason,
        'write a number such as 20; 1 wins' as suggestion

    from definitions
    where nullif(priority, '') is not null and coalesce(priority_number, 0) < 1

    union all

    select
        definitions.segment_key,
        true,
        concat('priority ', definitions.priority, ' is also that of `', others.segment_key, '`'),
        'give every active segment its own priority'

    from definitions
    inner join definitions as others
        on
            definitions.priority_number = others.priority_number
            and definitions.segment_key <> others.segment_key
    where definitions.is_active and others.is_active

    union all

    select
        definitions.segment_key,
        true,
        concat('its priority ', definitions.priority, ' comes after that of `', min(others.segment_key), '`'),
        'suppression comes first, service recovery second, before everything that sells'

    from definitions
    inner join definitions as others
        on
            definitions.priority_number > others.priority_number
            and definitions.precedence < others.precedence
    where definitions.is_active and others.is_active
    group by definitions.segment_key, definitions.priority

),

named as (

    select
        'segment_definitions' as seed_name,
        segment_key,
        coalesce(segment_key, '(no key)') as row_text,
        is_structural,
        reason,
        suggestion

    from faults

)

select distinct * from named
