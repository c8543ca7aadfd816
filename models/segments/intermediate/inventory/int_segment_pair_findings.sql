-- Grain: one row per finding about two segments: the same, nearly the same, or one contained in the other.
with definitions as (

    select
        *,
        -- Of two equal segments, the one with the more advanced status and then the higher priority is kept.
        row_number() over (
            order by
                case status
                    when 'active' then 1 when 'approved' then 2 when 'in_review' then 3 when 'paused' then 4 else 5
                end,
                priority nulls last,
                segment_key
        ) as keep_rank

    from {{ ref('int_segment_definitions') }}
    where status <> 'retired'

),

containment as (

    select * from {{ ref('int_segment_rule_containment') }}

),

overlap as (

    select * from {{ ref('segment_overlap') }}
    where as_of_date = {{ as_of_date() }}

),

pairs as (

    select
        definitions.segment_key,
        others.segment_key as other_segment_key,
        definitions.keep_rank > others.keep_rank as gives_way,
        -- Suppressions are nested by design.
        definitions.is_suppression and others.is_suppression as is_by_design,
        narrower.segment_key is not null as is_narrower_rule,
        wider.segment_key is not null as is_wider_rule,
        coalesce(definitions.rule_fingerprint = others.rule_fingerprint, false)
        or (narrower.segment_key is not null and wider.segment_key is not null) as is_same_rule,
        overlap.customer_count as shared_count,
        overlap.share_of_segment,
        overlap.jaccard,
        reverse_overlap.share_of_segment as share_of_other

    from definitions
    inner join definitions as others
        on definitions.segment_key <> others.segment_key
    left join containment as narrower
        on
            definitions.segment_key = narrower.segment_key
            and others.segment_key = narrower.other_segment_key
    left join containment as wider
        on
            definitions.segment_key = wider.other_segment_key
            and others.segment_key = wider.segment_key
    left join overlap
        on
            definitions.segment_key = overlap.segment_key
            and others.segment_key = overlap.other_segment_key
    left join overlap as reverse_overlap
        on
            definitions.segment_key = reverse_overlap.other_segment_key
            and others.segment_key = reverse_overlap.segment_key

),

-- The strongest finding about a pair. A handful of shared members may be chance.
classified as (

    select
        *,
        case
            when is_same_rule and gives_way then 'exact_duplicate_rule'
            when is_same_rule or is_by_design then null
            when shared_count < {{ var('inventory_min_members') }} or shared_count is null then null
            when jaccard = 1 then case when gives_way then 'same_members' end
            when jaccard >= {{ var('inventory_near_duplicate') }} then case when gives_way then 'near_duplicate' end
            when share_of_segment >= {{ var('inventory_containment') }} then 'subset'
            when share_of_other >= {{ var('inventory_containment') }} then 'superset'
        end as member_finding

    from pairs

),

findings as (

    select
        segment_key,
        other_segment_key,
        gives_way,
        is_narrower_rule or is_wider_rule as is_by_rule,
        shared_count,
        case
            when member_finding is not null then member_finding
            when is_same_rule or is_by_design then null
            when jaccard >= {{ var('inventory_near_duplicate') }}
                and shared_count >= {{ var('inventory_min_members') }} then null
            when is_narrower_rule then 'subset'
            when is_wider_rule then 'superset'
        end as finding,
        share_of_segment,
        share_of_other,
        jaccard

    from classified

)

select * from findings
where finding is not null
