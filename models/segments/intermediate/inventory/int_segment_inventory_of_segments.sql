-- Grain: one row per finding about one segment, in words.
with segments as (

    select
        definitions.segment_key,
        definitions.owner,
        definitions.effective_status,
        definitions.status_reason,
        definitions.review_by,
        usage.customer_count,
        usage.empty_days,
        usage.recent_evaluated_days,
        usage.first_evaluated_date,
        usage.campaign_count,
        usage.last_campaign_date,
        usage.was_ever_approved,
        {{ days_between('usage.first_evaluated_date', as_of_date()) }} as days_evaluated,
        {{ days_between('usage.last_changed_date', as_of_date()) }} as days_since_change,
        {{ days_between('usage.last_campaign_date', as_of_date()) }} as days_since_campaign,
        {{ days_between('definitions.review_by', as_of_date()) }} as days_past_review,
        -- Suppressions are used by excluding people. Without campaign data, use is not known.
        definitions.status in ('approved', 'active', 'paused')
        and not definitions.is_suppression and {{ 'true' if source_is_on('campaigns') else 'false' }} as is_usable

    from {{ ref('int_segment_definitions') }} as definitions
    inner join {{ ref('int_segment_usage') }} as usage
        on definitions.segment_key = usage.segment_key
    where definitions.status <> 'retired'

),

findings (finding) as (

    values ('empty'), ('stale'), ('unowned'), ('not_computable'), ('never_activated'), ('unused'), ('past_review')

),

found as (

    select
        segments.*,
        findings.finding,
        case findings.finding
            when 'empty' then segments.empty_days
            when 'stale' then segments.days_since_change
            when 'never_activated' then segments.days_evaluated
            when 'unused' then segments.days_since_campaign
            when 'past_review' then segments.days_past_review
        end as measure

    from segments
    cross join findings
    where
        case findings.finding
            when 'empty' then segments.effective_status = 'active' and segments.customer_count = 0
            when 'stale'
                then segments.effective_status = 'active' and segments.customer_count > 0
                    and segments.recent_evaluated_days >= 2
                    and segments.days_since_change >= {{ var('inventory_stale_days') }}
            when 'unowned'
                then coalesce(lower(segments.owner), '') in (
                        '', '-', '?', 'to be named', 'to be decided', 'tbd', 'tba', 'nobody', 'none', 'unknown'
                    )
            when 'not_computable' then segments.effective_status = 'not_computable'
            when 'never_activated'
                then segments.is_usable and segments.campaign_count = 0 and not segments.was_ever_approved
            when 'unused' then segments.is_usable and segments.days_since_campaign > {{ var('inventory_unused_days') }}
            else segments.review_by < {{ as_of_date() }}
        end

),

worded as (

    select
        segment_key,
        finding,
        measure,
        case
            when finding = 'empty' then concat_ws('', 'it has no members; empty for ', measure, ' evaluated day(s)')
            when finding = 'stale'
                then concat_ws(
                        '', 'no customer entered or left for ', measure, ' days, evaluated on ', recent_evaluated_days,
                        ' of the last {{ var('inventory_stale_days') }}'
                    )
            when finding = 'unowned' and nullif(owner, '') is null then 'it has no owner'
            when finding = 'unowned' then concat_ws('', 'its owner is "', owner, '"')
            when finding = 'not_computable' then status_reason
            when finding = 'never_activated' and first_evaluated_date is null
                then 'it was never used by a campaign and never approved'
            when finding = 'never_activated'
                then concat_ws(
                        '', 'it was never used by a campaign and never approved; evaluated since ',
                        first_evaluated_date
                    )
            when finding = 'unused' then concat_ws('', 'its last campaign began on ', last_campaign_date)
            else concat_ws('', 'its review was due on ', review_by)
        end as evidence,
        case
            when finding = 'empty' and measure >= {{ var('inventory_empty_days') }}
                then concat_ws('', 'retire: empty for ', measure, ' evaluated days')
            when finding = 'empty' then 'monitor it, and check whether the rule is too strict'
            when finding = 'stale'
                then 'check that its data still arrive and that the rule still describes something that changes'
            when finding = 'unowned' then 'name a responsible owner, or retire it'
            when finding = 'not_computable' then 'enable or fit what it needs, or pause it'
            when finding = 'never_activated' and measure >= {{ var('inventory_unused_days') }}
                then concat_ws('', 'retire: unused for ', measure, ' days')
            when finding = 'never_activated'
                then 'decide on its first use and ask for approval, or make it a draft again'
            when finding = 'unused' then concat_ws('', 'use it or retire it: no campaign for ', measure, ' days')
            else 'review it: keep, change or retire'
        end as suggestion

    from found

)

select * from worded
