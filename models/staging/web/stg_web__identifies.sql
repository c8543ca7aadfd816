-- Grain: one row per log-in, which links an anonymous id to a shop account.
with versions as (

    {{ latest_version('web', 'identifies') }}

),

renamed as (

    select
        id as event_id,
        anonymous_id,
        user_id,
        {{ normalise_email('email') }} as email,
        timestamp as occurred_at,
        first_known_at,
        known_at

    from versions

)

select * from renamed
