-- Grain: one row per line of a receipt.
with versions as (

    {{ latest_version('pos', 'receipt_line') }}

),

renamed as (

    select
        receipt_id as source_order_id,
        line_number,
        sku,
        description,
        coalesce(lower(line_type), 'product') as line_type,
        quantity,
        unit_price,
        coalesce(discount_amount, 0) as discount_amount,
        tax_amount,
        coalesce(is_promotion, false) as is_promotion,
        known_at

    from versions

)

select * from renamed
