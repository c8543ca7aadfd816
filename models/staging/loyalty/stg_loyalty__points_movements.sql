-- Grain: one row per points movement.
with versions as (

    {{ latest_version('loyalty', 'points_movement') }}

),

renamed as (

    select
        movement_id,
        loyalty_number,
        movement_type,
        order_ref,
        points,
        occurred_at,
        expires_at,
        known_at

    from versions

)

select * from renamed
