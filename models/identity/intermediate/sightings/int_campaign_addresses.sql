-- Grain: one row per address that any campaign was sent to.
with sends as (

    select * from {{ ref('stg_campaigns__sends') }}
    where email is not null

),

addresses as (

    select
        email,
        min(sent_at) as first_sent_at,
        min(first_known_at) as first_known_at

    from sends
    group by email

)

select * from addresses
