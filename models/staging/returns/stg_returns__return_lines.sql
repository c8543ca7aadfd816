-- Grain: one row per returned line.
with versions as (

    {{ latest_version('returns', 'return_line') }}

),

renamed as (

    select
        return_id,
        line_number,
        channel,
        order_ref as source_order_id,
        order_line_ref as source_line_ref,
        exchange_order_ref,
        customer_number,
        sku,
        upper(currency) as currency,
        coalesce(reason_code, 'unknown') as reason_code,
        quantity,
        refund_amount,
        refund_tax_amount,
        coalesce(is_restocked, false) as is_restocked,
        returned_at,
        {{ business_date('returned_at') }} as returned_date,
        first_known_at,
        known_at

    from versions

)

select * from renamed
