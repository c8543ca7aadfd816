-- Grain: one row per violation in the order of active segments: a priority used twice, or one that puts selling before
-- suppression or service recovery, or service recovery before suppression.
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

violations as (

    select
        definitions.segment_key,
        concat_ws('', 'priority ', definitions.priority, ' is also used by `', others.segment_key, '`') as reason,
        'give every active segment its own priority' as suggestion

    from definitions
    inner join definitions as others
        on
            definitions.priority_number = others.priority_number
            and definitions.segment_key <> others.segment_key
    where definitions.is_active and others.is_active

    union all

    select
        definitions.segment_key,
        concat_ws('', 'its priority ', definitions.priority, ' comes after that of `', min(others.segment_key), '`'),
        'suppression comes first, service recovery second, before everything that sells'

    from definitions
    inner join definitions as others
        on
            definitions.priority_number > others.priority_number
            and definitions.precedence < others.precedence
    where definitions.is_active and others.is_active
    group by definitions.segment_key, definitions.priority

)

select distinct * from violations
