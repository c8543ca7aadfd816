-- Grain: one row per decision on which profiles are one person.
with versions as (

    {{ latest_version('identity', 'link_decision') }}

),

renamed as (

    select
        decision_id,
        lower(action) as action,
        lower(left_system) || ':' || left_profile_id as left_profile_key,
        lower(right_system) || ':' || right_profile_id as right_profile_key,
        lower(identifier_type) as identifier_type,
        case lower(identifier_type)
            when 'email' then {{ normalise_email('identifier_value') }}
            when 'phone' then {{ normalise_phone('identifier_value') }}
            else {{ normalise_number('identifier_value') }}
        end as identifier_value,
        reason,
        decided_by,
        decided_at,
        known_at

    from versions

)

select * from renamed
