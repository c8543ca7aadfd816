-- Grain: one row per profile: the person it belongs to by account numbers and manual decisions, as the smallest number
-- of the person's profiles. Where a chain of joins connects two profiles that a decision keeps separate, all its joins
-- are undone.
-- A view: thin over two tables, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with joined as (

    select
        profiles.profile_number,
        components.component
    from {{ ref('int_identity_profiles') }} as profiles
    left join {{ ref('int_identity_account_components') }} as components
        on profiles.profile_number = components.node

),

undone as (

    select distinct one_side.component
    from {{ ref('int_identity_decisions') }} as decisions
    inner join joined as one_side
        on decisions.left_number = one_side.profile_number
    inner join joined as other_side
        on decisions.right_number = other_side.profile_number
            and one_side.component = other_side.component
    where decisions.action = 'cut'

),

resolved as (

    select
        joined.profile_number,
        case
            when joined.component is null or undone.component is not null then joined.profile_number
            else joined.component
        end as person_number
    from joined
    left join undone
        on joined.component = undone.component

)

select * from resolved
