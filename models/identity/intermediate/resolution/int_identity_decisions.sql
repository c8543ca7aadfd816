-- Grain: one row per pair of profiles, or identifier, with a decision by the data team: the one in force on as_of_date.
with decisions as (

    select * from {{ ref('stg_identity__link_decisions') }}

),

with_subject as (

    select
        decision_id,
        action,
        decided_at,
        least(left_profile_key, right_profile_key) as left_profile_key,
        greatest(left_profile_key, right_profile_key) as right_profile_key,
        identifier_type,
        identifier_value,
        -- Null where a decision names neither two profiles nor an identifier.
        coalesce(
            case
                when left_profile_key < right_profile_key then left_profile_key || '|' || right_profile_key
                else right_profile_key || '|' || left_profile_key
            end,
            identifier_type || ':' || identifier_value
        ) as subject

    from decisions

),

ranked as (

    select
        *,
        row_number() over (partition by subject order by decided_at desc, decision_id desc) as recency_rank

    from with_subject
    where subject is not null

),

current_decisions as (

    select
        ranked.decision_id,
        ranked.action,
        ranked.decided_at,
        ranked.left_profile_key,
        ranked.right_profile_key,
        left_profiles.profile_number as left_number,
        right_profiles.profile_number as right_number,
        ranked.identifier_type,
        ranked.identifier_value

    from ranked
    left join {{ ref('int_identity_profiles') }} as left_profiles
        on ranked.left_profile_key = left_profiles.profile_key
    left join {{ ref('int_identity_profiles') }} as right_profiles
        on ranked.right_profile_key = right_profiles.profile_key
    where ranked.recency_rank = 1 and ranked.action <> 'withdraw'

)

select * from current_decisions
