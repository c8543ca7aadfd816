-- Grain: one row per loyalty card.
with versions as (

    {{ latest_version('loyalty', 'member') }}

),

renamed as (

    select
        loyalty_number,
        customer_number,
        {{ normalise_email('email') }} as email,
        {{ normalise_phone('phone') }} as phone,
        first_name,
        last_name,
        lower(tier) as tier,
        points_balance,
        joined_at,
        updated_at,
        first_known_at,
        known_at

    from versions

)

select * from renamed
