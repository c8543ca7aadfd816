-- Grain: one row per change that conditions may explain and condition of its segment's rule: values, verdict, both days.
{%- set changes %}
    select * from {{ ref('int_membership_changes') }}
    where
        status = 'active'
        and (change = 'left' or previous_status = 'active')
        and has_same_rule
        and has_values and has_previous_values
        and not is_first_day
{%- endset %}
{%- set segments, days = segment_rules_to_evaluate(), [] %}
{%- if execute %}
    {%- for row in run_query(
        "with changes as (" ~ changes ~ ") select as_of_date from changes union select previous_as_of_date from changes order by 1"
    ).rows %}
        {%- do days.append("cast('" ~ row[0] ~ "' as date)") %}
    {%- endfor %}
{%- endif %}
with changes as (
{{ changes }}

),

-- Read where there is a change to explain.
kept_values as (  -- noqa: ST03

    select * from {{ ref('int_segment_values') }}

),

thresholds as (

    select * from {{ ref('int_segment_thresholds') }}

),

-- Read where a rule speaks of another segment.
members as (  -- noqa: ST03

    select * from {{ ref('int_segment_members') }}

),

log as (  -- noqa: ST03
    {{ membership_log_before() }}

),

traces as (
    {% for day in days %}
    {%- set members_then %}(
        {%- if day == as_of_date() -%}
            select customer_id, segment_key from members
        {%- else -%}
            select customer_id, segment_key from log
            where as_of_date <= {{ day }}
            group by customer_id, segment_key
            having max_by(change, as_of_date) = 'entered'
        {%- endif -%}
    ){% endset %}
    select
        {{ day }} as as_of_date,
        day_trace.*

    from (
        {{ segment_trace_sql(
            '(select distinct customer_id, segment_key from changes where ' ~ day ~ ' in (as_of_date, previous_as_of_date))',
            '(select * from kept_values where as_of_date = ' ~ day ~ ' and customer_id in (select customer_id from changes))',
            '(select * from thresholds where as_of_date = ' ~ day ~ ')',
            segments,
            members_then
        ) }}
    ) as day_trace
    {{ 'union all' if not loop.last }}
    {% else %}
    select
        cast(null as date) as as_of_date,
        day_trace.*

    from ({{ segment_trace_sql('changes', 'kept_values', 'thresholds', []) }}) as day_trace
    {% endfor %}
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
