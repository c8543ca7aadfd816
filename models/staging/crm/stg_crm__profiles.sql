-- Grain: one row per CRM profile.
with versions as (

    {{ latest_version('crm', 'profile') }}

),

renamed as (

    select
        profile_id,
        customer_number,
        shopify_customer_id,
        loyalty_number,
        coalesce(customer_type, 'person') as customer_type,
        {{ normalise_email('email') }} as email,
        {{ normalise_phone('phone', country='country_code') }} as phone,
        first_name,
        last_name,
        birth_date,
        gender,
        street,
        postcode,
        city,
        region,
        upper(country_code) as country_code,
        lower(language) as language,
        household_id,
        created_at,
        updated_at,
        first_known_at,
        known_at

    from versions

)

select * from renamed
