-- Grain: one row per profile and account number that it shows but that is not accepted as its own.
-- A number is issued by one source; other accounts may have it mistyped. What a single event shows, such as a receipt,
-- is what was presented at the till and is not questioned.
with numbers as (

    select
        identifiers.*,
        case identifiers.identifier_type
            when 'customer_number' then 'crm'
            when 'loyalty_number' then 'loyalty'
            when 'shop_customer_id' then 'shopify'
        end as issuer_system,
        profiles.first_name_key,
        profiles.last_name_key

    from {{ ref('int_identity_identifiers') }} as identifiers
    inner join {{ ref('int_identity_profiles') }} as profiles
        on identifiers.profile_number = profiles.profile_number
    where identifiers.identifier_type in ('customer_number', 'loyalty_number', 'shop_customer_id')

),

issuers as (

    select
        identifier_type,
        identifier_value,
        min(first_name_key) as first_name_key,
        min(last_name_key) as last_name_key

    from numbers
    where source_system = issuer_system
    group by identifier_type, identifier_value

),

claims as (

    select
        numbers.identifier_type,
        numbers.identifier_value,
        numbers.profile_number,
        numbers.source_system,
        -- Null where a name needed for the comparison is missing.
        numbers.first_name_key <> issuers.first_name_key and numbers.last_name_key <> issuers.last_name_key
            as names_differ,
        count(*) over (
            partition by numbers.identifier_type, numbers.identifier_value, numbers.source_system
        ) as claim_count

    from numbers
    left join issuers
        on numbers.identifier_type = issuers.identifier_type
            and numbers.identifier_value = issuers.identifier_value
    -- Sources whose profiles are kept about a person and corrected over time; the others' are single events.
    where numbers.source_system in ('crm', 'shopify', 'loyalty', 'klaviyo', 'zendesk', 'hubspot')
        and numbers.source_system <> numbers.issuer_system

),

-- Two profiles separated by a manual decision share no number; one of them may be the account itself.
cuts as (

    {% for one, other in [('left', 'right'), ('right', 'left')] %}
    select
        {{ one }}_profile_key as one_key,
        {{ other }}_profile_key as other_key
    from {{ ref('int_identity_decisions') }}
    where action = 'cut'
    {{ 'union' if not loop.last }}
    {% endfor %}

),

dropped as (

    select
        claims.identifier_type,
        claims.identifier_value,
        claims.profile_number,
        case when claims.names_differ then 'names_differ' else 'too_many_people' end as reason

    from claims
    inner join {{ ref('identifier_limits') }} as limits
        on claims.identifier_type = limits.identifier_type
    where claims.names_differ or (claims.claim_count > limits.max_people and claims.names_differ is null)

    union all

    select
        numbers.identifier_type,
        numbers.identifier_value,
        numbers.profile_number,
        'cut_by_hand' as reason

    from cuts
    inner join numbers
        on cuts.one_key = numbers.profile_key
    inner join numbers as other_numbers
        on cuts.other_key = other_numbers.profile_key
            and numbers.identifier_type = other_numbers.identifier_type
            and numbers.identifier_value = other_numbers.identifier_value
    where numbers.source_system <> numbers.issuer_system

),

deduplicated as (

    select
        identifier_type,
        identifier_value,
        profile_number,
        min(reason) as reason
    from dropped
    group by identifier_type, identifier_value, profile_number

)

select * from deduplicated
