-- Grain: one row per browser that exactly one person identified from; a browser that people share links nobody.
with identifies as (

    select * from {{ ref('stg_web__identifies') }}
    where user_id is not null or email is not null

),

browsers as (

    select
        anonymous_id,
        min(user_id) as user_id,
        -- One account may have changed its address; only a single address stands for the person.
        case when count(distinct email) = 1 then min(email) end as email,
        min(occurred_at) as first_seen_at,
        min(first_known_at) as first_known_at

    from identifies
    group by anonymous_id
    having count(distinct user_id) = 1 or (count(distinct user_id) = 0 and count(distinct email) = 1)

)

select * from browsers
