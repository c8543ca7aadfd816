-- Grain: one row per browser (null: server event) and identifier observed on it by as_of_date: account, address, order.
with hits as (

    select * from {{ ref('int_web_hits') }}

),

calls as (

    select * from {{ ref('stg_web__identifies') }}
    where occurred_at < {{ as_of_end() }}

),

-- The only pass over all events: the result has one row per browser and account.
account_hits as (

    select distinct
        anonymous_id,
        user_id

    from hits
    where user_id is not null

),

observed as (

    select
        anonymous_id,
        'shop_customer_id' as identifier_type,
        user_id as identifier_value
    from account_hits

    union distinct

    select
        anonymous_id,
        case when user_id is null then 'email' else 'shop_customer_id' end as identifier_type,
        coalesce(user_id, email) as identifier_value
    from calls
    where user_id is not null or email is not null

    union distinct

    select
        anonymous_id,
        'order' as identifier_type,
        source_order_id as identifier_value
    from hits
    where event_type = 'order_completed' and source_order_id is not null

),

distinct_values as (

    select distinct
        identifier_type,
        identifier_value

    from observed
    where identifier_type <> 'order'

),

-- Placeholders sent by a tracker must not look like a second person.
blocked_values as (

    select distinct
        distinct_values.identifier_type,
        distinct_values.identifier_value

    from distinct_values
    inner join {{ ref('blocked_identifiers') }} as blocked
        on distinct_values.identifier_type = blocked.identifier_type
            and regexp_extract(distinct_values.identifier_value, blocked.pattern, 0) <> ''

),

identifiers as (

    select observed.*
    from observed
    left join blocked_values
        on observed.identifier_type = blocked_values.identifier_type
            and observed.identifier_value = blocked_values.identifier_value
    where blocked_values.identifier_value is null

)

select * from identifiers
