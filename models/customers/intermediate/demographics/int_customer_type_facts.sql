-- Grain: one row per customer and fact that a rule of customer_type_rules may use: a lower-case word or an amount.
-- Holds identifiers, so it is never stored.
{{ config(materialized='ephemeral') }}

with identities as (

    select * from {{ ref('int_customer_identities') }}

),

volumes as (

    select
        customer_id,
        count(*) as orders_365d,
        sum(unit_count) as units_365d,
        sum(net_revenue) as net_revenue_365d

    from {{ ref('orders') }}
    where is_counted and customer_id is not null and {{ within_window('ordered_date', 365) }}
    group by customer_id

),

-- Buyers of whom the marketplace gives an address of its own instead of the person's.
relay_buyers as (

    select distinct orders.buyer_id

    from {{ ref('stg_marketplace__orders') }} as orders
    inner join {{ ref('blocked_identifiers') }} as blocked
        on blocked.identifier_type = 'email' and regexp_extract(orders.buyer_email, blocked.pattern, 0) <> ''

),

facts as (

    select
        identities.customer_id,
        'crm_type' as looks_at,
        lower(profiles.customer_type) as word,
        cast(null as double) as amount

    from {{ ref('stg_crm__profiles') }} as profiles
    inner join identities
        on identities.source_system = 'crm'
            and profiles.profile_id = identities.source_profile_id

    union

    select
        identities.customer_id,
        'shop_tag',
        lower(tags.tag),
        null

    from {{ ref('stg_shopify__customer_tags') }} as tags
    inner join identities
        on identities.source_system = 'shopify'
            and tags.source_customer_id = identities.source_profile_id

    union

    select
        identities.customer_id,
        'marketplace_only',
        'true',
        null

    from {{ ref('int_customer_spine') }} as spine
    inner join identities
        on spine.customer_id = identities.customer_id and identities.source_system = 'marketplace'
    inner join relay_buyers
        on identities.source_profile_id = relay_buyers.buyer_id
    where spine.is_marketplace_only

    {% for view in ['email_domain', 'email_address'] %}
    union

    -- Only addresses that identify one person: a store's own address says nothing about the customer.
    select
        customer_id,
        '{{ view }}',
        lower(email),
        null

    from {{ ref('int_golden_record_candidates') }}
    where email is not null

    {% endfor %}
    {% for view in ['orders_365d', 'units_365d', 'net_revenue_365d'] %}
    union

    select
        customer_id,
        '{{ view }}',
        null,
        cast({{ view }} as double)

    from volumes

    {% endfor %}
)

select * from facts
