-- Grain: one row per evaluated day and segment of the library, and one without a segment for the day itself.
{{ config_of_history() }}
{{ config(post_hook="{{ forget_old_history(this, this) }}") }}
{%- do stop_on_forgotten_day() %}

with statuses as (

    select * from {{ ref('int_segment_status') }}

),

counts as (

    select
        segment_key,
        count(*) as customer_count

    from {{ ref('int_segment_members') }}
    group by segment_key

),

evaluations as (

    select
        {{ as_of_date() }} as as_of_date,
        statuses.segment_key,
        statuses.status,
        case when statuses.status = 'active' then coalesce(counts.customer_count, 0) end as customer_count,
        statuses.rule_version,
        statuses.rule_fingerprint,
        statuses.expires_on

    from statuses
    left join counts
        on statuses.segment_key = counts.segment_key

    union all

    select
        {{ as_of_date() }} as as_of_date,
        cast(null as {{ dbt.type_string() }}) as segment_key,
        'evaluated' as status,
        cast(null as bigint) as customer_count,
        cast(null as integer) as rule_version,
        cast(null as {{ dbt.type_string() }}) as rule_fingerprint,
        cast(null as date) as expires_on

)

select * from evaluations
