-- Grain: one row per customer of the spine: their demographic attributes, as far as known.
with customers as (

    select * from {{ ref('customers') }}

),

birthdays as (

    select
        customer_id,
        extract(month from try_cast(value as date)) as birth_month

    from {{ ref('int_customer_golden_values') }}
    where field = 'birth_date'

),

channels as (

    select
        customer_id,
        {{ sorted_text_list("case
            when source_system in ('shopify', 'shopify_guest', 'web') then 'online'
            when source_system = 'pos' then 'store'
            when source_system = 'marketplace' then 'marketplace'
        end", '|') }} as known_channels

    from (
        select distinct
            customer_id,
            source_system
        from {{ ref('int_customer_identities') }}
    ) as sources
    group by customer_id

),

joined as (

    select
        customers.customer_id,
        customers.customer_type,
        customers.country_code,
        customers.region,
        customers.age_band,
        customers.gender,
        customers.language,
        customers.household_size,
        -- An implausible birth date gives no age band, and so no birth month either.
        cast(case when customers.age_band is not null then birthdays.birth_month end as bigint) as birth_month,
        channels.known_channels,
        cast({{ days_between('customers.first_seen_date', as_of_date()) }} as bigint) as days_since_first_seen

    from customers
    left join birthdays
        on customers.customer_id = birthdays.customer_id
    left join channels
        on customers.customer_id = channels.customer_id

)

select * from joined
