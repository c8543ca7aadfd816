-- Grain: one row per consent statement; which one counts is decided later.
with versions as (

    {{ latest_version('consent', 'consent_event', deleted=true) }}

),

renamed as (

    select
        event_id,
        {{ normalise_email('email') }} as email,
        {{ normalise_phone('phone') }} as phone,
        loyalty_number,
        shopify_customer_id as source_customer_id,
        channel,
        coalesce(purpose, 'marketing') as purpose,
        status,
        source_name,
        occurred_at,
        {{ business_date('occurred_at') }} as occurred_date,
        _says_deleted as is_deleted,
        first_known_at,
        known_at

    from versions

)

select * from renamed
