-- Grain: one row per finding about two segments, in words.
with findings as (

    select * from {{ ref('int_segment_pair_findings') }}

),

measured as (

    select
        *,
        case
            when finding = 'subset' then coalesce(share_of_segment, 1)
            when finding = 'superset' then coalesce(share_of_other, 1)
            when finding = 'exact_duplicate_rule' then 1
            else jaccard
        end as measure

    from findings

),

worded as (

    select
        segment_key,
        finding,
        other_segment_key,
        measure,
        case
            when finding = 'exact_duplicate_rule'
                then concat('its rule means the same as that of ', other_segment_key)
            when is_by_rule and finding = 'subset'
                then concat('its rule is that of ', other_segment_key, ' with further conditions')
            when is_by_rule and finding = 'superset'
                then concat('the rule of ', other_segment_key, ' is its own with further conditions')
            when finding = 'subset'
                then concat(
                        {{ percent_text('measure') }}, ' of its members are in ', other_segment_key, ' too (',
                        cast(shared_count as {{ dbt.type_string() }}), ' customers)'
                    )
            when finding = 'superset'
                then concat(
                        'it holds ', {{ percent_text('measure') }}, ' of the members of ', other_segment_key, ' (',
                        cast(shared_count as {{ dbt.type_string() }}), ' customers)'
                    )
            when finding = 'same_members'
                then concat(
                        'it has the same ', cast(shared_count as {{ dbt.type_string() }}), ' members as ',
                        other_segment_key, ' by another rule'
                    )
            else concat({{ percent_text('measure') }}, ' of the members of either are in both')
        end as evidence,
        case
            when finding = 'exact_duplicate_rule'
                then concat('merge into ', other_segment_key, ': the rules mean the same')
            when finding = 'same_members' then concat('merge into ', other_segment_key, ': the members are the same')
            when finding = 'near_duplicate'
                then concat(
                        'merge into ', other_segment_key, ': ', {{ percent_text('measure') }},
                        ' of members are shared'
                    )
            when finding = 'subset'
                then concat('keep it only if its members are treated differently from those of ', other_segment_key)
            else concat('nothing to do here; see ', other_segment_key, ', which lies inside it')
        end as suggestion

    from measured

)

select * from worded
