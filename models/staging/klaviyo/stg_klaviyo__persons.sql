-- Grain: one row per profile of the sending tool.
with versions as (

    {{ latest_version('klaviyo', 'person', deleted=true) }}

),

renamed as (

    select
        id as person_id,
        {{ normalise_email('email') }} as email,
        {{ normalise_phone('phone_number', country='country') }} as phone,
        first_name,
        last_name,
        city,
        region,
        country,
        zip as postcode,
        _says_deleted as is_deleted,
        created as created_at,
        first_known_at,
        known_at

    from versions

)

select * from renamed
