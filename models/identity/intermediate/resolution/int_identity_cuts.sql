-- Grain: one row per two profiles that the data team said are not one person.
{{ config(materialized='view') }}

select
    left_profiles.profile_number as left_number,
    right_profiles.profile_number as right_number

from {{ ref('int_identity_decisions') }} as decisions
inner join {{ ref('int_identity_profiles') }} as left_profiles
    on decisions.left_profile_key = left_profiles.profile_key
inner join {{ ref('int_identity_profiles') }} as right_profiles
    on decisions.right_profile_key = right_profiles.profile_key
where decisions.action = 'cut'
