-- Grain: one row per identifier that links no one: a placeholder by the seed's patterns, one that comes with more
-- addresses than a person has, or one blocked by hand.
with identifiers as (

    select distinct
        identifier_type,
        identifier_value,
        shown_value

    from {{ ref('int_identity_identifiers') }}

),

decisions as (

    select * from {{ ref('int_identity_decisions') }}
    where action = 'block'

),

-- Learnt from the data: an account number that comes with more addresses than a person may have is nobody's.
crowds as (

    select
        numbers.identifier_type,
        numbers.identifier_value

    from {{ ref('int_identity_identifiers') }} as numbers
    inner join {{ ref('int_identity_identifiers') }} as addresses
        on numbers.profile_number = addresses.profile_number
            and addresses.identifier_type = 'email'
    inner join {{ ref('identifier_limits') }} as limits
        on addresses.identifier_type = limits.identifier_type
    where numbers.identifier_type in ('customer_number', 'loyalty_number', 'shop_customer_id')
    group by numbers.identifier_type, numbers.identifier_value
    having count(distinct addresses.identifier_value) > min(limits.max_per_person)

),

blocked as (

    {% for type in identifier_types() -%}
    select
        identifier_type,
        identifier_value,
        'placeholder' as reason

    from identifiers
    where identifier_type = '{{ type }}' and {{ is_placeholder(type, 'shown_value') }}

    union all

    {% endfor -%}
    select
        identifier_type,
        identifier_value,
        'too_many_people' as reason

    from crowds

    union all

    select
        identifiers.identifier_type,
        identifiers.identifier_value,
        'blocked_by_hand' as reason

    from identifiers
    inner join decisions
        on identifiers.identifier_type = decisions.identifier_type
            and identifiers.shown_value = decisions.identifier_value

),

deduplicated as (

    select
        identifier_type,
        identifier_value,
        -- A manual decision takes precedence over a pattern.
        min(reason) as reason

    from blocked
    group by identifier_type, identifier_value

)

select * from deduplicated
