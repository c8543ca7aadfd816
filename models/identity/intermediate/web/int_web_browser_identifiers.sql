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

-- What a tracker sends instead of an account must not look like a person, nor take away the address beside it: the
-- placeholders of the seed, and what comes with more addresses than a person may have.
crowds as (

    select calls.user_id
    from calls
    inner join {{ ref('identifier_limits') }} as limits
        on limits.identifier_type = 'email'
    group by calls.user_id
    having count(distinct calls.email) > min(limits.max_per_person)

),

log_ins as (

    select
        calls.anonymous_id,
        case
            when crowds.user_id is null and not {{ is_placeholder('shop_customer_id', 'calls.user_id') }}
                then calls.user_id
        end as user_id,
        calls.email
    from calls
    left join crowds
        on calls.user_id = crowds.user_id

),

observed as (

    select
        account_hits.anonymous_id,
        'shop_customer_id' as identifier_type,
        account_hits.user_id as identifier_value
    from account_hits
    left join crowds
        on account_hits.user_id = crowds.user_id
    where crowds.user_id is null
        and not {{ is_placeholder('shop_customer_id', 'account_hits.user_id') }}

    union distinct

    select
        anonymous_id,
        case when user_id is null then 'email' else 'shop_customer_id' end as identifier_type,
        coalesce(user_id, email) as identifier_value
    from log_ins
    where user_id is not null or email is not null

    union distinct

    select
        anonymous_id,
        'order' as identifier_type,
        source_order_id as identifier_value
    from hits
    where event_type = 'order_completed' and source_order_id is not null

),

identifiers as (

    select * from observed
    where identifier_type <> 'email' or not {{ is_placeholder('email', 'identifier_value') }}

)

select * from identifiers
