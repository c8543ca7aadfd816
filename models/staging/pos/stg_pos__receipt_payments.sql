-- Grain: one row per payment of a receipt.
with versions as (

    {{ latest_version('pos', 'receipt_payment') }}

),

renamed as (

    select
        receipt_id as source_order_id,
        payment_number,
        method,
        amount,
        known_at

    from versions

)

select * from renamed
