-- Grain: one row per marketplace order.
with versions as (

    {{ latest_version('marketplace', 'order') }}

),

renamed as (

    select
        order_id as source_order_id,
        marketplace,
        account,
        buyer_id,
        {{ normalise_email('buyer_email') }} as buyer_email,
        lower(status) as status,
        upper(currency) as currency,
        upper(ship_country_code) as ship_country_code,
        ship_postcode,
        shipping_amount,
        shipping_tax_amount,
        shipping_discount_amount,
        promotion_discount,
        commission_amount,
        coalesce(lower(status) = 'cancelled', false) as is_cancelled,
        purchased_at as ordered_at,
        shipped_at,
        delivered_at,
        cancelled_at,
        first_known_at,
        known_at

    from versions

)

select * from renamed
