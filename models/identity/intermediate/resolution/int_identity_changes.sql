-- Grain: one row per customer id whose profiles moved to another id in this run, and piece of evidence for it.
with pairs as (

    select * from {{ ref('int_identity_change_pairs') }}

),

changes as (

    select distinct
        old_customer_id,
        new_customer_id,
        change,
        profile_count

    from pairs

),

evidence as (

    select
        pairs.old_customer_id,
        pairs.new_customer_id,
        shown.identifier_type as evidence_type,
        {{ keyed_hash("shown.identifier_type || ':' || shown.identifier_value") }} as evidence_id,
        shown.identifier_type,
        shown.identifier_value,
        pairs.mover_id,
        pairs.counterpart_id,
        greatest(shown.first_known_at, also_shown.first_known_at) as evidence_known_at

    from pairs
    inner join {{ ref('int_identity_identifiers') }} as shown
        on pairs.mover_number = shown.profile_number
    inner join {{ ref('int_identity_identifiers') }} as also_shown
        on pairs.counterpart_number = also_shown.profile_number
            and shown.identifier_type = also_shown.identifier_type
            and shown.identifier_value = also_shown.identifier_value

    union all

    select
        pairs.old_customer_id,
        pairs.new_customer_id,
        'decision' as evidence_type,
        decisions.decision_id as evidence_id,
        null as identifier_type,
        null as identifier_value,
        pairs.mover_id,
        pairs.counterpart_id,
        decisions.decided_at as evidence_known_at

    from pairs
    inner join {{ ref('int_identity_decisions') }} as decisions
        on decisions.left_profile_key = least(pairs.mover_key, pairs.counterpart_key)
            and decisions.right_profile_key = greatest(pairs.mover_key, pairs.counterpart_key)

),

-- The newest evidence is what changed the result; three pieces are enough.
ranked as (

    select
        evidence.*,
        row_number() over (
            partition by old_customer_id, new_customer_id
            order by evidence_known_at desc, evidence_id asc, mover_id asc nulls last, counterpart_id asc nulls last
        ) as evidence_rank

    from evidence

),

refusals as (

    select
        identifier_type,
        identifier_value,
        min(reason) as reason

    from {{ ref('int_identity_refusals') }}
    group by identifier_type, identifier_value

),

joined as (

    select
        changes.old_customer_id,
        changes.new_customer_id,
        changes.change,
        {{ as_of_date() }} as changed_date,
        changes.profile_count,
        coalesce(ranked.evidence_rank, 1) as evidence_rank,
        coalesce(ranked.evidence_type, 'evidence_gone') as evidence_type,
        ranked.evidence_id,
        ranked.mover_id as moved_profile_id,
        ranked.counterpart_id as other_profile_id,
        ranked.evidence_known_at,
        case
            when ranked.evidence_type is null then null
            when changes.change = 'merge' then 'shown by both'
            when ranked.evidence_type = 'decision' then 'cut_by_hand'
            else coalesce(refusals.reason, 'no longer joins')
        end as reason

    from changes
    left join ranked
        on changes.old_customer_id = ranked.old_customer_id
            and changes.new_customer_id = ranked.new_customer_id
            and ranked.evidence_rank <= 3
    left join refusals
        on ranked.identifier_type = refusals.identifier_type
            and ranked.identifier_value = refusals.identifier_value

)

select * from joined
