-- Grain: one row per change that conditions explain and condition of its segment's rule: values and verdict, both days.
{%- set days = [] %}
{%- set names_segments = [] %}
{%- for row in segment_rule_rows() if (row.attribute or '').strip().startswith('segment:') %}
    {%- do names_segments.append(row.segment_key) %}
{%- endfor %}
{%- set segments = segment_rules_to_evaluate() %}
{%- if execute %}
    {%- for row in run_query(
        "select distinct as_of_date from ("
        ~ "select as_of_date from " ~ ref('int_membership_change_kinds') ~ " where reason_kind = 'condition' union all "
        ~ "select previous_as_of_date from " ~ ref('int_membership_change_kinds') ~ " where reason_kind = 'condition'"
        ~ ") as days order by 1"
    ).rows %}
        {%- do days.append("cast('" ~ row[0] ~ "' as date)") %}
    {%- endfor %}
{%- endif %}
with changes as (

    select * from {{ ref('int_membership_change_kinds') }}
    where reason_kind = 'condition'

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
{% for day in days %}
pairs_{{ loop.index }} as (

    select distinct
        customer_id,
        segment_key

    from changes
    where {{ day }} in (as_of_date, previous_as_of_date)

),

features_{{ loop.index }} as (

    select * from kept_values
    where
        as_of_date = {{ day }}
        and customer_id in (select pairs.customer_id from pairs_{{ loop.index }} as pairs)

),

thresholds_{{ loop.index }} as (

    select * from thresholds
    where as_of_date = {{ day }}

),
{% if names_segments %}
members_{{ loop.index }} as (
    {% if day == as_of_date() %}
    select
        customer_id,
        segment_key

    from members
    {% else %}
    select
        customer_id,
        segment_key

    from log
    where as_of_date <= {{ day }}
    group by customer_id, segment_key
    having max_by(change, as_of_date) = 'entered'
    {% endif %}
),
{% endif %}
{% endfor %}
traces as (
    {% for day in days %}
    select
        {{ day }} as as_of_date,
        day_trace.*

    from (
        {{ segment_trace_sql(
            'pairs_' ~ loop.index, 'features_' ~ loop.index, 'thresholds_' ~ loop.index, segments,
            lower_matches='members_' ~ loop.index if names_segments else 'lower_matches'
        ) }}
    ) as day_trace
    {{ 'union all' if not loop.last }}
    {% else %}
    select
        cast(null as date) as as_of_date,
        day_trace.*

    from ({{ segment_trace_sql('changes', 'kept_values', 'thresholds', segments=[]) }}) as day_trace
    {% endfor %}
),

compared as (

    select
        changes.as_of_date,
        changes.customer_id,
        changes.segment_key,
        changes.change,
        changes.is_new_customer,
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
