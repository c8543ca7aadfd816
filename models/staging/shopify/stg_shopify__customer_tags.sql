-- Grain: one row per shop account and tag.
with versions as (

    {{ latest_version('shopify', 'customer_tag') }}

),

renamed as (

    select
        customer_id as source_customer_id,
        index as tag_index,
        lower(value) as tag,
        known_at

    from versions

)

select * from renamed
