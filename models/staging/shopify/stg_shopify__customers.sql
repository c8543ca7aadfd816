-- Grain: one row per shop account.
with versions as (

    {{ latest_version('shopify', 'customer', deleted=true) }}

),

renamed as (

    select
        id as source_customer_id,
        first_name,
        last_name,
        {{ normalise_email('email') }} as email,
        {{ normalise_phone('phone') }} as phone,
        coalesce(accepts_marketing, false) as accepts_marketing,
        _says_deleted as is_deleted,
        created_at,
        first_known_at,
        known_at

    from versions

)

select * from renamed
