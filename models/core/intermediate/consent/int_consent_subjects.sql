-- Grain: one row per statement and customer it applies to.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with stated as (

    select * from {{ ref('int_consent_stated') }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}

),

linked as (

    select
        stated.statement_id,
        identities.customer_id

    from stated
    inner join identities
        on
            stated.source_system = identities.source_system
            and stated.source_profile_id = identities.source_profile_id

),

-- A statement that withdraws permission applies to everyone with the identifier it names, even where the identifier
-- links no profiles because several people share it: which of them it was is unknown, so it applies to all of them.
withdrawal_points as (

    select
        contact_points.statement_id,
        contact_points.contact_point

    from {{ ref('int_consent_contact_points') }} as contact_points
    left join {{ ref('int_identity_blocked_values') }} as blocked
        on contact_points.identifier_type = blocked.identifier_type
            and contact_points.identifier_value = blocked.identifier_value
    where contact_points.kind in ('opted_out', 'hard_bounce', 'spam_complaint')
        and blocked.identifier_value is null

),

-- Current identifiers only: a number no longer applies to a former holder.
current_points as (

    {% for type in ['email', 'phone', 'loyalty_number', 'shop_customer_id'] %}
    select
        profile_key,
        concat_ws('', '{{ type }}:', {{ type }}) as contact_point

    from {{ ref('int_identity_profiles') }}
    where {{ type }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

reached as (

    select
        withdrawal_points.statement_id,
        identities.customer_id

    from withdrawal_points
    inner join current_points
        on withdrawal_points.contact_point = current_points.contact_point
    inner join identities
        on current_points.profile_key = identities.profile_key

),

-- A union keeps each pair once.
subjects as (

    select * from linked
    union
    select * from reached

)

select * from subjects
