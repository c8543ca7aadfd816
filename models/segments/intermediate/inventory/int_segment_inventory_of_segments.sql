-- Grain: one row per finding about one segment, in words.
{%- set can_see_campaigns = source_is_on('campaigns') %}
{%- set text = dbt.type_string() %}
with definitions as (

    select * from {{ ref('int_segment_definitions') }}
    where status <> 'retired'

),

segments as (

    select
        definitions.segment_key,
        definitions.owner,
        definitions.status,
        definitions.effective_status,
        definitions.status_reason,
        definitions.review_by,
        definitions.is_suppression,
        usage.customer_count,
        usage.empty_days,
        usage.recent_evaluated_days,
        usage.first_evaluated_date,
        usage.campaign_count,
        usage.last_campaign_date,
        usage.was_ever_approved,
        {{ days_between('usage.first_evaluated_date', as_of_date()) }} as days_evaluated,
        {{ days_between('usage.last_changed_date', as_of_date()) }} as days_since_change,
        {{ days_between('usage.last_campaign_date', as_of_date()) }} as days_since_campaign

    from definitions
    inner join {{ ref('int_segment_usage') }} as usage
        on definitions.segment_key = usage.segment_key

),

empty_segments as (

    select
        segment_key,
        'empty' as finding,
        empty_days as measure,
        concat('nobody is in it; empty for ', cast(empty_days as {{ text }}), ' evaluated day(s)') as evidence,
        case
            when empty_days >= {{ var('inventory_empty_days') }}
                then concat('retire: empty for ', cast(empty_days as {{ text }}), ' evaluated days')
            else 'watch it, and look whether the rule asks for too much'
        end as suggestion

    from segments
    where effective_status = 'active' and customer_count = 0

),

stale_segments as (

    select
        segment_key,
        'stale' as finding,
        days_since_change as measure,
        concat(
            'nobody entered or left for ', cast(days_since_change as {{ text }}), ' days, evaluated on ',
            cast(recent_evaluated_days as {{ text }}), ' of the last {{ var('inventory_stale_days') }}'
        ) as evidence,
        'look whether its data still arrive and whether the rule still describes anything that changes' as suggestion

    from segments
    where
        effective_status = 'active'
        and customer_count > 0
        and days_since_change >= {{ var('inventory_stale_days') }}
        and recent_evaluated_days >= 2

),

unowned_segments as (

    select
        segment_key,
        'unowned' as finding,
        cast(null as bigint) as measure,
        case
            when nullif(owner, '') is null then 'it names no owner'
            else concat('its owner is "', owner, '"')
        end as evidence,
        'name somebody who answers for it, or retire it' as suggestion

    from segments
    where
        coalesce(lower(owner), '') in (
            '', '-', '?', 'to be named', 'to be decided', 'tbd', 'tba', 'nobody', 'none', 'unknown'
        )

),

unavailable_segments as (

    select
        segment_key,
        'not_computable' as finding,
        cast(null as bigint) as measure,
        status_reason as evidence,
        'switch on or fit what it needs, or pause it' as suggestion

    from segments
    where effective_status = 'not_computable'

),

-- Suppression is used by leaving people out. Without campaign data nothing can be said.
usable as (

    select * from segments
    where
        status in ('approved', 'active', 'paused')
        and not is_suppression
        and {{ '1 = 1' if can_see_campaigns else '1 = 0' }}

),

never_activated_segments as (

    select
        segment_key,
        'never_activated' as finding,
        days_evaluated as measure,
        concat(
            'no campaign was ever aimed at it and nobody ever approved it',
            coalesce(concat('; evaluated since ', cast(first_evaluated_date as {{ text }})), '')
        ) as evidence,
        case
            when days_evaluated >= {{ var('inventory_unused_days') }}
                then concat('retire: unused for ', cast(days_evaluated as {{ text }}), ' days')
            else 'decide on its first use and ask for approval, or make it a draft again'
        end as suggestion

    from usable
    where campaign_count = 0 and not was_ever_approved

),

unused_segments as (

    select
        segment_key,
        'unused' as finding,
        days_since_campaign as measure,
        concat('its last campaign began on ', cast(last_campaign_date as {{ text }})) as evidence,
        concat('use it or retire it: no campaign for ', cast(days_since_campaign as {{ text }}), ' days') as suggestion

    from usable
    where days_since_campaign > {{ var('inventory_unused_days') }}

),

past_review_segments as (

    select
        segment_key,
        'past_review' as finding,
        {{ days_between('review_by', as_of_date()) }} as measure,
        concat('its review was due on ', cast(review_by as {{ text }})) as evidence,
        'review it: keep, change or retire' as suggestion

    from segments
    where review_by < {{ as_of_date() }}

),

unioned as (

    {% for name in ['empty', 'stale', 'unowned', 'unavailable', 'never_activated', 'unused', 'past_review'] %}
    select * from {{ name }}_segments
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from unioned
