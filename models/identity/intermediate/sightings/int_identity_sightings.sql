-- Grain: one row per source and person whom it shows only in what was sold, returned, listed or sent: no source has a
-- record of these people themselves.
with sightings as (

    -- Relay addresses are no identifiers, so a buyer links by its own id only.
    select
        'marketplace' as source_system,
        buyer_id as source_profile_id,
        cast(null as {{ dbt.type_string() }}) as email,
        cast(null as {{ dbt.type_string() }}) as customer_number,
        ordered_at as seen_at,
        first_known_at

    from {{ ref('stg_marketplace__orders') }}

    union all

    -- Booked under a customer number without an order.
    select
        'returns' as source_system,
        return_id as source_profile_id,
        null as email,
        customer_number,
        returned_at as seen_at,
        first_known_at

    from {{ ref('stg_returns__return_lines') }}
    where source_order_id is null and customer_number is not null

    union all

    select
        'external_lists' as source_system,
        email as source_profile_id,
        email,
        null as customer_number,
        added_at as seen_at,
        first_known_at

    from {{ ref('int_external_list_members') }}

    union all

    select
        'campaigns' as source_system,
        email as source_profile_id,
        email,
        null as customer_number,
        sent_at as seen_at,
        first_known_at

    from {{ ref('stg_campaigns__sends') }}

),

grouped as (

    select
        source_system,
        source_profile_id,
        min(email) as email,
        min(customer_number) as customer_number,
        min(seen_at) as first_seen_at,
        min(first_known_at) as first_known_at

    from sightings
    where source_profile_id is not null
    group by source_system, source_profile_id

)

select * from grouped
