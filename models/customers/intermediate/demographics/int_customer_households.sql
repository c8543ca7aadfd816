-- Grain: one row per customer with a household: the one a source states, else the same surname at the same address.
-- Groups customers, never merges them. Holds identifiers.
{{ config(schema='pii') }}

{%- set plain = "nullif(" ~ regexp_replace_all("replace(lower({}), '''', '')", '[ .,/#-]') ~ ", '')" %}

with golden as (

    select
        customer_id,
        max(value) filter (where field = 'household') as stated_household,
        max(source_system) filter (where field = 'household') as stated_by,
        max(value) filter (where field = 'last_name') as last_name,
        max(value) filter (where field = 'street') as street,
        max(value) filter (where field = 'postcode') as postcode

    from {{ ref('int_customer_golden_values') }}
    where field in ('household', 'last_name', 'street', 'postcode')
    group by customer_id

),

-- Null as soon as one part is missing.
addressed as (

    select
        customer_id,
        stated_household,
        stated_by,
        {{ plain.format('last_name') }}
        || '|' || {{ plain.format('street') }}
        || '|' || {{ plain.format('postcode') }} as address_key

    from golden

),

-- More people than the limit at one address are a campus, a company or a placeholder, not a household; a limit of 0
-- switches households by address off.
addresses as (

    select
        address_key,
        count(distinct stated_household) as stated_count,
        min(stated_household) as stated_household

    from addressed
    where address_key is not null
    group by address_key
    having count(*) <= {{ var('household_address_limit') | int }}

),

keyed as (

    select
        addressed.customer_id,
        case
            when addressed.stated_household is not null then concat_ws('', 'stated|', addressed.stated_household)
            -- If sources state exactly one household at this address, others of that surname there belong to it.
            when addresses.stated_count = 1 then concat_ws('', 'stated|', addresses.stated_household)
            when addresses.address_key is not null then concat_ws('', 'address|', addresses.address_key)
        end as household_key,
        coalesce(addressed.stated_by, 'same_address') as household_source

    from addressed
    left join addresses
        on addressed.address_key = addresses.address_key

),

households as (

    select
        customer_id,
        {{ keyed_hash('household_key') }} as household_id,
        household_source,
        count(*) over (partition by household_key) as household_size

    from keyed
    where household_key is not null

)

select * from households
