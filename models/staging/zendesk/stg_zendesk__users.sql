-- Grain: one row per user of the support desk, whether customer or agent.
with versions as (

    {{ latest_version('zendesk', 'user', deleted=true) }}

),

renamed as (

    select
        id as user_id,
        external_id as source_customer_id,
        {{ normalise_email('email') }} as email,
        {{ normalise_phone('phone') }} as phone,
        name,
        role,
        _says_deleted as is_deleted,
        first_known_at,
        known_at

    from versions

)

select * from renamed
