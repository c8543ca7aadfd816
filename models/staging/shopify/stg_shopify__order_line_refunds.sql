-- Grain: one row per refunded line of a refund.
with versions as (

    {{ latest_version('shopify', 'order_line_refund') }}

),

renamed as (

    select
        id as source_line_refund_id,
        refund_id as source_refund_id,
        order_line_id as source_line_id,
        lower(restock_type) as restock_type,
        quantity,
        subtotal,
        total_tax as tax_amount,
        coalesce(restock_type in ('return', 'cancel', 'legacy_restock'), false) as is_restocked,
        known_at

    from versions

)

select * from renamed
