-- Grain: one row per segment of the library: its sizes on evaluated days, its last change, campaigns and approvals.
with definitions as (

    select * from {{ ref('int_segment_definitions') }}

),

sizes as (

    select * from {{ ref('segment_sizes') }}
    where status = 'active' and as_of_date <= {{ as_of_date() }}

),

last_filled as (

    select
        segment_key,
        max(as_of_date) as last_filled_date

    from sizes
    where customer_count > 0
    group by segment_key

),

evaluated as (

    select
        sizes.segment_key,
        min(sizes.as_of_date) as first_evaluated_date,
        max(sizes.as_of_date) as last_evaluated_date,
        max_by(sizes.customer_count, sizes.as_of_date) filter (where sizes.customer_count is not null)
            as customer_count,
        count(*) filter (
            where last_filled.last_filled_date is null or sizes.as_of_date > last_filled.last_filled_date
        ) as empty_days,
        count(*) filter (
            where {{ within_window('sizes.as_of_date', var('inventory_stale_days')) }}
        ) as recent_evaluated_days

    from sizes
    left join last_filled
        on sizes.segment_key = last_filled.segment_key
    group by sizes.segment_key

),

changed as (

    select
        segment_key,
        max(as_of_date) as last_changed_date

    from {{ ref('membership_changes') }}
    where as_of_date <= {{ as_of_date() }}
    group by segment_key

),

campaigns as (

    select
        trim(segment_key) as segment_key,
        count(*) as campaign_count,
        max({{ business_date('starts_at') }}) as last_campaign_date

    from {{ ref('stg_campaigns__campaigns') }}
    where segment_key is not null and starts_at < {{ as_of_end() }}
    group by trim(segment_key)

),

approvals as (

    select distinct trim(segment_key) as segment_key
    from {{ ref('segment_approvals') }}

),

joined as (

    select
        definitions.segment_key,
        evaluated.first_evaluated_date,
        evaluated.last_evaluated_date,
        evaluated.customer_count,
        coalesce(evaluated.empty_days, 0) as empty_days,
        coalesce(evaluated.recent_evaluated_days, 0) as recent_evaluated_days,
        changed.last_changed_date,
        coalesce(campaigns.campaign_count, 0) as campaign_count,
        campaigns.last_campaign_date,
        approvals.segment_key is not null as was_ever_approved

    from definitions
    left join evaluated
        on definitions.segment_key = evaluated.segment_key
    left join changed
        on definitions.segment_key = changed.segment_key
    left join campaigns
        on definitions.segment_key = campaigns.segment_key
    left join approvals
        on definitions.segment_key = approvals.segment_key

)

select * from joined
