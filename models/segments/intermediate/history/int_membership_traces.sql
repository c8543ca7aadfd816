-- Grain: one row per change that conditions may explain and condition of its rule: values and results on both days.
with changes as (

    select * from {{ ref('int_membership_changes') }}
    where
        status = 'active'
        and (change = 'left' or previous_status = 'active')
        and has_same_rule and has_values and has_previous_values and not is_first_day

),

-- Read by the trace.
pairs as (  -- noqa: ST03

    select
        as_of_date,
        customer_id,
        segment_key

    from changes

    union distinct

    select
        previous_as_of_date as as_of_date,
        customer_id,
        segment_key

    from changes

),

features as (  -- noqa: ST03

    select * from {{ ref('int_segment_values') }}
    where customer_id in (select changes.customer_id from changes)

),

thresholds as (  -- noqa: ST03

    select * from {{ ref('int_segment_thresholds') }}

),

log as (
    {{ membership_log_before() }}

),

-- Members of segments, for rules that refer to other segments.
lower_matches as (  -- noqa: ST03

    select
        as_of_date,
        customer_id,
        segment_key

    from {{ ref('int_segment_members') }}

    union all

    select
        days.as_of_date,
        log.customer_id,
        log.segment_key

    from (select distinct pairs.as_of_date from pairs) as days
    inner join log
        on days.as_of_date >= log.as_of_date
    where days.as_of_date <> {{ as_of_date() }}
    group by days.as_of_date, log.customer_id, log.segment_key
    having max_by(log.change, log.as_of_date) = 'entered'

),

traces as (

    {{ segment_trace_sql('pairs', 'features', 'thresholds', by_day=true) }}

),

compared as (

    select
        changes.as_of_date,
        changes.customer_id,
        changes.segment_key,
        changes.change,
        not changes.was_profiled as is_new_customer,
        traces.kind,
        traces.alternative,
        traces.condition_number,
        traces.attribute,
        traces.operator,
        traces.condition_text,
        traces.expected_note,
        earlier.actual_value as previous_actual_value,
        traces.actual_value,
        earlier.expected_value as previous_expected_value,
        traces.expected_value,
        coalesce(earlier.is_met, false) as was_met,
        traces.is_met

    from changes
    inner join traces
        on
            changes.as_of_date = traces.as_of_date
            and changes.customer_id = traces.customer_id
            and changes.segment_key = traces.segment_key
    left join traces as earlier
        on
            changes.previous_as_of_date = earlier.as_of_date
            and changes.customer_id = earlier.customer_id
            and changes.segment_key = earlier.segment_key
            and traces.condition_number = earlier.condition_number

)

select * from compared
