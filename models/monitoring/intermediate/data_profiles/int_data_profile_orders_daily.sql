-- Grain: one row per channel (and one for all), business day with an order and measure of orders.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with orders as (

    select
        ordered_date as profile_date,
        coalesce(channel, 'unknown') as channel,
        case when customer_id is not null then 1 else 0 end as is_linked,
        case when ship_country_code is null then 1 else 0 end as is_without_country,
        case when has_known_currency then 0 else 1 end as is_without_rate,
        -- Null where there is no amount: free orders and unknown currencies say nothing about prices.
        case when gross_revenue > 0 then {{ exact_ln('gross_revenue') }} end as log_value

    from {{ ref('int_orders') }}
    where not coalesce(is_test, false) and {{ within_window('ordered_date', profile_days()) }}

),

by_channel as (

    select
        profile_date,
        channel as slice_name,
        count(*) as order_count,
        sum(is_linked) as linked_count,
        sum(is_without_country) as no_country_count,
        sum(is_without_rate) as no_rate_count,
        count(log_value) as valued_count,
        coalesce(sum(log_value), 0) as log_value

    from orders
    group by profile_date, channel

),

with_all as (

    select * from by_channel

    union all

    select
        profile_date,
        'all' as slice_name,
        sum(order_count) as order_count,
        sum(linked_count) as linked_count,
        sum(no_country_count) as no_country_count,
        sum(no_rate_count) as no_rate_count,
        sum(valued_count) as valued_count,
        sum(log_value) as log_value

    from by_channel
    group by profile_date

),

measures as (

    {{ profile_measures('with_all', 'orders', 'slice_name', [
        ('order_count', 'count', 'order_count', 'order_count'),
        ('linked_share', 'share', 'linked_count', 'order_count'),
        ('no_country_share', 'share', 'no_country_count', 'order_count'),
        ('no_rate_share', 'share', 'no_rate_count', 'order_count'),
        ('typical_value', 'typical', 'log_value', 'valued_count')
    ]) }}

)

select * from measures
