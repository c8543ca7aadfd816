-- Grain: one row per location that holds stock.
with versions as (

    {{ latest_version('shopify', 'location') }}

),

renamed as (

    select
        id as location_id,
        name,
        city,
        zip as postcode,
        province_code as region,
        upper(country_code) as country_code,
        coalesce(active, false) as is_active,
        known_at

    from versions

)

select * from renamed
