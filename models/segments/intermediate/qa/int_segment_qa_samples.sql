-- Grain: one row per segment: does it have near misses, and do its members belong in it?
with members as (

    select
        memberships.segment_key,
        count(*) filter (where features.customer_id is null) as unknown_count,
        count(*) filter (where features.customer_type <> 'person') as other_type_count,
        count(*) filter (where features.has_legal_hold or features.has_do_not_contact) as forbidden_count

    from {{ ref('segment_memberships') }} as memberships
    left join {{ ref('customer_features') }} as features
        on memberships.customer_id = features.customer_id
    group by memberships.segment_key

),

near_misses as (

    select
        segment_key,
        count(*) as near_miss_count

    from {{ ref('int_segment_samples') }}
    where sample = 'near_miss'
    group by segment_key

),

measured as (

    select
        segments.segment_key,
        segments.customer_count,
        coalesce(near_misses.near_miss_count, 0) as near_miss_count,
        coalesce(members.unknown_count, 0) as unknown_count,
        case when segments.scope <> 'all' then coalesce(members.other_type_count, 0) else 0 end as other_type_count,
        case when segments.is_selling then coalesce(members.forbidden_count, 0) else 0 end as forbidden_count,
        case
            when segments.is_selling
                then cast(members.forbidden_count as double) / nullif(segments.customer_count, 0)
        end as forbidden_share,
        limits.samples_forbidden_warn_share as warn_share,
        limits.samples_forbidden_fail_share as fail_share

    from {{ ref('int_segment_qa_segments') }} as segments
    cross join {{ ref('int_qa_limits') }} as limits
    left join members
        on segments.segment_key = members.segment_key
    left join near_misses
        on segments.segment_key = near_misses.segment_key
    where segments.is_computable

),

classified as (

    select
        *,
        case
            when unknown_count + other_type_count > 0 then 2
            else greatest(
                    {{ qa_severity('forbidden_share', 'warn_share', 'fail_share') }},
                    case when near_miss_count = 0 then 1 else 0 end
                )
        end as severity

    from measured

),

explained as (

    select
        segment_key,
        cast(null as {{ dbt.type_string() }}) as plan_key,
        case when customer_count = 0 then 'not_applicable' else {{ qa_status('severity') }} end as status,
        concat_ws(
            '', forbidden_count, ' must not be contacted, ', other_type_count, ' are not of type person, ', unknown_count,
            ' are no longer known'
        ) as observed,
        'members who belong in it, and customers who just miss it' as expected,
        concat_ws(
            '', 'fails with any member not of type person or no longer known, or above ', {{ share_text('fail_share') }},
            ' who must not be contacted'
        ) as threshold,
        concat_ws(
            '; ',
            case
                when customer_count = 0 then 'it has no members'
                when severity = 0 then 'segment_samples shows its most valuable members and who just misses it'
            end,
            case
                when other_type_count > 0
                    then 'staff, wholesalers, relay or test accounts are in a segment of people; evaluate it again'
            end,
            case when unknown_count > 0 then 'some members are no longer customers; evaluate it again' end,
            case
                when forbidden_share > warn_share
                    then 'many members asked not to be contacted or are under a legal hold; exclude them in the rule'
            end,
            case
                when customer_count > 0 and near_miss_count = 0
                    then 'no customer misses it by one condition: check that the rule says what is meant'
            end
        ) as explanation

    from classified

)

select * from explained
