-- Grain: one row per adjustment of a refund: refunded shipping, or the difference between refunded lines and money.
with versions as (

    {{ latest_version('shopify', 'order_adjustment') }}

),

renamed as (

    select
        id as source_adjustment_id,
        order_id as source_order_id,
        refund_id as source_refund_id,
        lower(kind) as kind,
        amount,
        tax_amount,
        known_at

    from versions

)

select * from renamed
