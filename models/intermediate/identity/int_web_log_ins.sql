-- Grain: one row per browser that exactly one account logged in from; a browser that people share links nobody.
with identifies as (

    select * from {{ ref('stg_web__identifies') }}
    where user_id is not null

),

browsers as (

    select
        anonymous_id,
        min(user_id) as user_id,
        min(occurred_at) as first_seen_at,
        min(known_at) as known_at

    from identifies
    group by anonymous_id
    having count(distinct user_id) = 1

)

select * from browsers
