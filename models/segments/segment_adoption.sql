-- Grain: one row per adoption model and segment: how likely its members are to adopt, compared with all candidates.
with candidates as (

    select * from {{ ref('int_customer_adoption') }}

),

memberships as (

    select
        customer_id,
        segment_key

    from {{ ref('segment_memberships') }}

),

all_candidates as (

    select
        model_key,
        avg(adoption_propensity) as propensity,
        -- Ranks can be compared, but they neither average nor add up to anything.
        bool_or(is_ranking_only) as is_ranking_only

    from candidates
    group by model_key

),

by_segment as (

    select
        candidates.model_key,
        memberships.segment_key,
        count(*) as candidate_count,
        avg(candidates.adoption_propensity) as propensity,
        sum(candidates.adoption_propensity) as expected_adopters

    from candidates
    inner join memberships
        on candidates.customer_id = memberships.customer_id
    group by candidates.model_key, memberships.segment_key

),

final as (

    select
        cast(by_segment.model_key as {{ dbt.type_string() }}) as model_key,
        cast(by_segment.segment_key as {{ dbt.type_string() }}) as segment_key,
        {{ as_of_date() }} as as_of_date,
        cast(by_segment.candidate_count as bigint) as candidate_count,
        case when not all_candidates.is_ranking_only then by_segment.propensity end as mean_adoption_propensity,
        case when not all_candidates.is_ranking_only then by_segment.expected_adopters end as expected_adopters,
        case
            when not all_candidates.is_ranking_only then by_segment.propensity / nullif(all_candidates.propensity, 0)
        end as lift

    from by_segment
    inner join all_candidates
        on by_segment.model_key = all_candidates.model_key

)

select * from final
