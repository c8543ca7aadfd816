-- Grain: one row per finding about a segment, a pair of segments, or an external list.
with pairs as (

    select
        *,
        case
            when finding = 'subset' then coalesce(share_of_segment, 1)
            when finding = 'superset' then coalesce(share_of_other, 1)
            when finding = 'exact_duplicate_rule' then 1
            else jaccard
        end as measure

    from {{ ref('int_segment_pair_findings') }}

),

worded_pairs as (

    select
        segment_key,
        finding,
        other_segment_key,
        measure,
        case
            when finding = 'exact_duplicate_rule'
                then concat_ws('', 'its rule means the same as that of ', other_segment_key)
            when is_by_rule and finding = 'subset'
                then concat_ws('', 'its rule is that of ', other_segment_key, ' with more conditions')
            when is_by_rule and finding = 'superset'
                then concat_ws('', 'the rule of ', other_segment_key, ' is its own with more conditions')
            when finding = 'subset'
                then concat_ws(
                        '', {{ percent_text('measure') }}, ' of its members are in ', other_segment_key, ' too (',
                        shared_count, ' customers)'
                    )
            when finding = 'superset'
                then concat_ws(
                        '', 'it contains ', {{ percent_text('measure') }}, ' of the members of ', other_segment_key,
                        ' (', shared_count, ' customers)'
                    )
            when finding = 'same_members'
                then concat_ws(
                        '', 'it has the same ', shared_count, ' members as ', other_segment_key, ' by another rule'
                    )
            else concat_ws('', {{ percent_text('measure') }}, ' of the combined members are in both')
        end as evidence,
        case
            when finding = 'exact_duplicate_rule'
                then concat_ws('', 'merge into ', other_segment_key, ': the rules mean the same')
            when finding = 'same_members'
                then concat_ws('', 'merge into ', other_segment_key, ': the members are the same')
            when finding = 'near_duplicate'
                then concat_ws(
                        '', 'merge into ', other_segment_key, ': ', {{ percent_text('measure') }},
                        ' of members are shared'
                    )
            when finding = 'subset'
                then concat_ws(
                        '', 'keep it only if its members are treated differently from those of ', other_segment_key
                    )
            else concat_ws('', 'nothing to do here; see ', other_segment_key, ', which it contains')
        end as suggestion

    from pairs

),

unioned as (

    select
        'segment' as subject_kind,
        segment_key,
        finding,
        other_segment_key,
        measure,
        evidence,
        suggestion
    from worded_pairs

    union all

    select
        'segment' as subject_kind,
        segment_key,
        finding,
        null as other_segment_key,
        measure,
        evidence,
        suggestion
    from {{ ref('int_segment_inventory_of_segments') }}

    union all

    select
        'external_list' as subject_kind,
        segment_key,
        finding,
        other_segment_key,
        measure,
        evidence,
        suggestion
    from {{ ref('int_segment_inventory_of_lists') }}

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        unioned.*,
        case
            when finding in ('same_members', 'near_duplicate') then 'share of the combined customers in both'
            when finding in ('exact_duplicate_rule', 'subset', 'superset', 'no_match') then 'share of the smaller one'
            when finding = 'empty' then 'evaluated days'
            when measure is not null then 'days'
        end as measure_unit

    from unioned

)

select * from final
