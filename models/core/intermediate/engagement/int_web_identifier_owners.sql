-- Grain: one row per identifier observed on the web, with its owner. Orders of unknown people are left out.
with identifiers as (

    select distinct
        identifier_type,
        identifier_value

    from {{ ref('int_web_browser_identifiers') }}

),

identities as (

    select * from {{ ref('int_customer_identities') }}

),

edges as (

    select * from {{ ref('int_identity_edges') }}

),

orders as (

    select
        source_order_id,
        case when source_customer_id is null then 'shopify_guest' else 'shopify' end as source_system,
        coalesce(source_customer_id, source_order_id) as source_profile_id

    from {{ ref('stg_shopify__orders') }}

),

-- A linking identifier belongs to one person; where a decision keeps two of its holders separate, to no one.
linked as (

    select
        identifiers.identifier_type,
        identifiers.identifier_value,
        min(identities.customer_id) as customer_id

    from identifiers
    inner join edges
        on concat_ws('', identifiers.identifier_type, ':', identifiers.identifier_value) = edges.identifier
    inner join identities
        on edges.profile_key = identities.profile_key
    group by identifiers.identifier_type, identifiers.identifier_value
    having count(distinct identities.customer_id) = 1

),

owners as (

    select
        identifiers.identifier_type,
        identifiers.identifier_value,
        coalesce(accounts.customer_id, linked.customer_id, buyers.customer_id) as customer_id

    from identifiers
    left join identities as accounts
        on identifiers.identifier_type = 'shop_customer_id'
            and identifiers.identifier_value = accounts.source_profile_id
            and accounts.source_system = 'shopify'
    left join linked
        on identifiers.identifier_type = linked.identifier_type
            and identifiers.identifier_value = linked.identifier_value
    left join orders
        on identifiers.identifier_type = 'order'
            and identifiers.identifier_value = orders.source_order_id
    left join identities as buyers
        on orders.source_system = buyers.source_system
            and orders.source_profile_id = buyers.source_profile_id

),

-- An account or address that no customer has still counts as a person, and a different one.
named as (

    select
        identifier_type,
        identifier_value,
        customer_id,
        coalesce(customer_id, concat_ws('', identifier_type, ':', identifier_value)) as person_key

    from owners
    where identifier_type <> 'order' or customer_id is not null

)

select * from named
