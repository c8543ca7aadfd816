-- Grain: one row per customer with an address: the one e-mail and the one phone to use. Holds identifiers.
{{ config(schema='pii') }}

with profiles as (

    select * from {{ ref('int_identity_profiles') }}

),

-- Only values that stand for one person are here: none that is blocked, a relay address or shared by a crowd.
personal_values as (

    select * from {{ ref('int_identity_edges') }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}

),

-- Whose word counts first; a source without a precedence there is never chosen.
precedences as (

    select
        trim(field) as field,
        trim(profile_system) as profile_system,
        min({{ whole_number('precedence') }}) as trust_rank

    from {{ ref('source_map_fields') }}
    where trim(field) in ('email', 'phone')
    group by trim(field), trim(profile_system)

),

candidates as (

    select
        profile_key,
        source_system,
        first_seen_at,
        'email' as field,
        email as value
    from profiles
    where email is not null

    union all

    select
        profile_key,
        source_system,
        first_seen_at,
        'phone' as field,
        phone as value
    from profiles
    where phone is not null

),

trusted as (

    select
        identities.customer_id,
        candidates.field,
        candidates.value,
        candidates.first_seen_at,
        precedences.trust_rank

    from candidates
    inner join identities
        on candidates.profile_key = identities.profile_key
    inner join personal_values
        on
            candidates.profile_key = personal_values.profile_key
            and concat(candidates.field, ':', candidates.value) = personal_values.identifier
    inner join precedences
        on
            candidates.field = precedences.field
            and candidates.source_system = precedences.profile_system
    where precedences.trust_rank is not null

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id, field
            order by trust_rank asc, first_seen_at desc, value asc
        ) as field_rank

    from trusted

),

contacts as (

    select
        customer_id,
        max(value) filter (where field = 'email') as email,
        max(value) filter (where field = 'phone') as phone

    from ranked
    where field_rank = 1
    group by customer_id

)

select * from contacts
