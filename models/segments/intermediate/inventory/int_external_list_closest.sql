-- Grain: one row per external list: the segment closest to it, and how close.
with lists as (

    select * from {{ ref('int_external_lists') }}

),

matches as (

    select * from {{ ref('external_list_matches') }}

),

best as (

    select * from matches
    where match_rank = 1

),

-- Of the segments that contain a list, the one with the fewest other members.
ranked as (

    select
        *,
        row_number() over (
            partition by list_key
            order by match_rank
        ) as enclosing_rank

    from matches
    where share_of_list >= {{ var('inventory_list_containment') }}

),

compared as (

    select
        lists.list_key,
        lists.list_name,
        lists.address_count,
        lists.customer_count,
        lists.customer_count < {{ var('inventory_min_members') }} as is_too_small,
        case
            when lists.customer_count < {{ var('inventory_min_members') }} then 'no_match'
            when best.jaccard = 1 then 'same_members'
            when best.jaccard >= {{ var('inventory_near_duplicate') }} then 'near_duplicate'
            when ranked.list_key is not null then 'subset'
            when best.share_of_segment >= {{ var('inventory_list_containment') }} then 'superset'
            else 'no_match'
        end as finding,
        best.segment_key as best_segment_key,
        best.jaccard,
        best.share_of_list,
        best.share_of_segment as best_share_of_segment,
        ranked.segment_key as enclosing_segment_key,
        ranked.share_of_list as enclosed_share,
        ranked.share_of_segment,
        ranked.segment_customer_count

    from lists
    left join best
        on lists.list_key = best.list_key
    left join ranked
        on lists.list_key = ranked.list_key and ranked.enclosing_rank = 1

),

measured as (

    select
        list_key,
        list_name,
        address_count,
        customer_count,
        is_too_small,
        finding,
        case finding when 'subset' then enclosing_segment_key else best_segment_key end as other_segment_key,
        case finding
            when 'subset' then enclosed_share
            when 'superset' then best_share_of_segment
            when 'no_match' then share_of_list
            else jaccard
        end as measure,
        share_of_segment,
        segment_customer_count

    from compared

)

select * from measured
