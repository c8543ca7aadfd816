-- Grain: one row per tax of an order line.
with versions as (

    {{ latest_version('shopify', 'tax_line') }}

),

renamed as (

    select
        order_line_id as source_line_id,
        index as tax_index,
        rate,
        price as amount,
        known_at

    from versions

)

select * from renamed
