-- Grain: one row per order of the web shop.
with versions as (

    {{ latest_version('shopify', 'order') }}

),

renamed as (

    select
        id as source_order_id,
        customer_id as source_customer_id,
        {{ normalise_email('email') }} as email,
        {{ normalise_phone('phone', country='shipping_address_country_code') }} as phone,
        upper(currency) as currency,
        lower(source_name) as source_name,
        lower(financial_status) as financial_status,
        lower(fulfillment_status) as fulfillment_status,
        shipping_address_city as ship_city,
        shipping_address_zip as ship_postcode,
        shipping_address_province_code as ship_region,
        upper(shipping_address_country_code) as ship_country_code,
        total_price,
        total_tax,
        total_discounts,
        total_line_items_price,
        subtotal_price,
        total_tip_received,
        {{ money_of_set('total_shipping_price_set', 'shop') }} as total_shipping_price,
        {{ money_of_set('original_total_duties_set', 'shop') }} as total_duties,
        {{ money_of_set('total_price_set', 'presentment') }} as customer_total,
        {{ currency_of_set('total_price_set', 'presentment') }} as customer_currency,
        coalesce(taxes_included, false) as taxes_included,
        coalesce(test, false) as is_test,
        cancelled_at is not null as is_cancelled,
        -- Imported orders keep their first date in processed_at.
        coalesce(processed_at, created_at) as ordered_at,
        cancelled_at,
        cancel_reason,
        first_known_at,
        known_at

    from versions

)

select * from renamed
