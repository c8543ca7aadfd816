-- Grain: one row per profile and account number that it shows but that is not believed to be its own.
-- A number is issued by one source; what other accounts say of it may be mistyped. What a single event shows, such as
-- a receipt, is what was presented at the till and is not doubted.
with profiles as (

    select * from {{ ref('int_identity_profiles') }}

),

numbers as (

    select
        identifiers.*,
        case identifiers.identifier_type
            when 'customer_number' then 'crm'
            when 'loyalty_number' then 'loyalty'
            when 'shop_customer_id' then 'shopify'
        end as issuer_system

    from {{ ref('int_identity_identifiers') }} as identifiers
    where identifiers.identifier_type in ('customer_number', 'loyalty_number', 'shop_customer_id')

),

issuers as (

    select
        numbers.identifier_type,
        numbers.identifier_value,
        min(profiles.first_name_key) as first_name_key,
        min(profiles.last_name_key) as last_name_key

    from numbers
    inner join profiles
        on numbers.profile_number = profiles.profile_number
    where numbers.source_system = numbers.issuer_system
    group by numbers.identifier_type, numbers.identifier_value

),

claims as (

    select
        numbers.identifier_type,
        numbers.identifier_value,
        numbers.profile_number,
        numbers.source_system,
        profiles.first_name_key = issuers.first_name_key as has_same_first_name,
        profiles.last_name_key = issuers.last_name_key as has_same_last_name,
        count(*) over (
            partition by numbers.identifier_type, numbers.identifier_value, numbers.source_system
        ) as claim_count

    from numbers
    inner join profiles
        on numbers.profile_number = profiles.profile_number
    left join issuers
        on numbers.identifier_type = issuers.identifier_type
            and numbers.identifier_value = issuers.identifier_value
    -- Sources whose profiles are kept about a person and corrected over time; the others' are single events.
    where numbers.source_system in ('crm', 'shopify', 'loyalty', 'klaviyo', 'zendesk', 'hubspot')
        and numbers.source_system <> numbers.issuer_system

),

-- Two profiles that a person told apart share no number; one of them may be the account itself.
cut_numbers as (

    select distinct
        left_numbers.identifier_type,
        left_numbers.identifier_value,
        left_numbers.profile_number as left_number,
        right_numbers.profile_number as right_number

    from {{ ref('int_identity_decisions') }} as cuts
    inner join numbers as left_numbers
        on cuts.left_profile_key = left_numbers.profile_key
    inner join numbers as right_numbers
        on cuts.right_profile_key = right_numbers.profile_key
            and left_numbers.identifier_type = right_numbers.identifier_type
            and left_numbers.identifier_value = right_numbers.identifier_value
    where cuts.action = 'cut'

),

dropped as (

    select
        claims.identifier_type,
        claims.identifier_value,
        claims.profile_number,
        case
            when not (claims.has_same_first_name or claims.has_same_last_name) then 'names_differ'
            else 'too_many_people'
        end as reason

    from claims
    inner join {{ ref('identifier_limits') }} as limits
        on claims.identifier_type = limits.identifier_type
    where not (claims.has_same_first_name or claims.has_same_last_name)
        or (
            claims.claim_count > limits.max_people
            and coalesce(not (claims.has_same_first_name or claims.has_same_last_name), true)
        )

    union all

    select
        numbers.identifier_type,
        numbers.identifier_value,
        numbers.profile_number,
        'cut_by_hand' as reason

    from cut_numbers
    inner join numbers
        on cut_numbers.identifier_type = numbers.identifier_type
            and cut_numbers.identifier_value = numbers.identifier_value
            and numbers.profile_number in (cut_numbers.left_number, cut_numbers.right_number)
    where numbers.source_system <> numbers.issuer_system

),

once as (

    select
        identifier_type,
        identifier_value,
        profile_number,
        min(reason) as reason

    from dropped
    group by identifier_type, identifier_value, profile_number

)

select * from once
