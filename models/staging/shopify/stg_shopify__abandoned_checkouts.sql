-- Grain: one row per checkout started and not completed at once.
with versions as (

    {{ latest_version('shopify', 'abandoned_checkout') }}

),

renamed as (

    select
        id as source_checkout_id,
        customer_id as source_customer_id,
        {{ normalise_email('email') }} as email,
        {{ normalise_phone('phone') }} as phone,
        upper(currency) as currency,
        source_name,
        total_price,
        total_discounts,
        completed_at is not null as is_completed,
        created_at as begun_at,
        {{ business_date('created_at') }} as begun_date,
        completed_at,
        known_at

    from versions

)

select * from renamed
