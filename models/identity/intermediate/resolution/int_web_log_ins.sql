-- Grain: one row per browser on which exactly one person was identified; a shared browser links no one.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with calls as (

    select * from {{ ref('stg_web__identifies') }}
    where (user_id is not null or email is not null)
        and occurred_at < {{ as_of_end() }}

),

identifiers as (

    select * from {{ ref('int_web_browser_identifiers') }}
    where anonymous_id is not null

),

-- Events count too: someone who only ever ordered while logged in is also a second person.
accounts as (

    select
        anonymous_id,
        min(identifier_value) as user_id,
        count(*) as account_count

    from identifiers
    where identifier_type = 'shop_customer_id'
    group by anonymous_id

),

-- An address belongs to an account when one call named both, or the shop has it: sharing a browser is not enough.
account_addresses as (

    select
        user_id,
        email
    from calls
    where user_id is not null and email is not null

    union distinct

    select
        source_customer_id as user_id,
        email
    from {{ ref('stg_shopify__customers') }}
    where email is not null

),

addresses as (

    select
        identifiers.anonymous_id,
        min(identifiers.identifier_value) as email,
        count(*) as address_count,
        count(*) filter (where account_addresses.email is null) as foreign_address_count

    from identifiers
    left join accounts
        on identifiers.anonymous_id = accounts.anonymous_id
    left join account_addresses
        on accounts.user_id = account_addresses.user_id
            and identifiers.identifier_value = account_addresses.email
    where identifiers.identifier_type = 'email'
    group by identifiers.anonymous_id

),

browsers as (

    select
        anonymous_id,
        -- One account may have changed its address; only a single address represents the person.
        case
            when count(distinct case when user_id is not null then email end) = 1
                then min(case when user_id is not null then email end)
        end as account_email,
        min(occurred_at) as first_seen_at,
        min(first_known_at) as first_known_at

    from calls
    group by anonymous_id

),

single_person_browsers as (

    select
        browsers.anonymous_id,
        accounts.user_id,
        case when accounts.user_id is null then addresses.email else browsers.account_email end as email,
        browsers.first_seen_at,
        browsers.first_known_at

    from browsers
    left join accounts
        on browsers.anonymous_id = accounts.anonymous_id
    left join addresses
        on browsers.anonymous_id = addresses.anonymous_id
    where (accounts.account_count = 1 and coalesce(addresses.foreign_address_count, 0) = 0)
        or (accounts.account_count is null and addresses.address_count = 1)

)

select * from single_person_browsers
