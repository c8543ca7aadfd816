-- Grain: one row per receipt.
with versions as (

    {{ latest_version('pos', 'receipt') }}

),

renamed as (

    select
        receipt_id as source_order_id,
        coalesce(sales_channel, 'store') as sales_channel,
        store_id,
        customer_number,
        loyalty_number,
        {{ normalise_email('email') }} as email,
        {{ normalise_phone('phone') }} as phone,
        lower(status) as status,
        upper(currency) as currency,
        upper(country_code) as country_code,
        total_amount,
        tax_amount,
        discount_amount,
        tip_amount,
        rounding_amount,
        coalesce(prices_include_tax, false) as prices_include_tax,
        coalesce(lower(status) = 'training', false) as is_test,
        coalesce(lower(status) = 'voided', false) as is_cancelled,
        sold_at as ordered_at,
        first_known_at,
        known_at

    from versions

)

select * from renamed
