-- Grain: one row per source table and business day on which rows became known two days or more after the event.
with quarters as (

    {{ source_tables_late(48) }}

),

-- Orders of the web shop and marketplaces change often: an order is late when its first version came late.
orders as (

    select
        'shopify' as source,
        first_known_at
    from {{ ref('stg_shopify__orders') }}
    where ordered_at <= first_known_at - interval '48' hour

    union all

    select
        'marketplace' as source,
        first_known_at
    from {{ ref('stg_marketplace__orders') }}
    where ordered_at <= first_known_at - interval '48' hour

),

rows_found as (

    select
        source,
        table_name,
        {{ business_date('last_known_at') }} as known_date,
        late_row_count

    from quarters

    union all

    select
        source,
        'order' as table_name,
        {{ business_date('first_known_at') }} as known_date,
        1 as late_row_count

    from orders

),

daily as (

    select
        source,
        table_name,
        known_date,
        cast(sum(late_row_count) as bigint) as late_row_count

    from rows_found
    group by source, table_name, known_date

)

select * from daily
