-- Grain: one row per payment transaction.
with versions as (

    {{ latest_version('shopify', 'transaction') }}

),

renamed as (

    select
        id as source_transaction_id,
        order_id as source_order_id,
        refund_id as source_refund_id,
        parent_id as source_parent_id,
        upper(currency) as currency,
        lower(kind) as kind,
        lower(status) as status,
        gateway,
        amount,
        coalesce(test, false) as is_test,
        coalesce(processed_at, created_at) as processed_at,
        known_at

    from versions

)

select * from renamed
