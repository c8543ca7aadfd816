-- Grain: one row per customer who was sent an offer in the last 365 days: how many, and how many were used.
with campaigns as (

    select
        campaign_id,
        -- An offer without an end is assumed to be valid for two weeks.
        least(
            coalesce({{ business_date('ends_at') }}, cast({{ business_date('starts_at') }} + cast(14 as int) as date)),
            {{ as_of_date() }}
        ) as last_offer_date

    from {{ ref('stg_campaigns__campaigns') }}
    where offer_type <> 'none'

),

offers as (

    select
        identities.customer_id,
        sends.campaign_id,
        min(sends.sent_date) as first_offer_date,
        max(campaigns.last_offer_date) as last_offer_date

    from {{ ref('stg_campaigns__sends') }} as sends
    inner join campaigns
        on sends.campaign_id = campaigns.campaign_id
    -- By the Klaviyo profile, or by the address where the send has no profile.
    inner join {{ ref('int_customer_identities') }} as identities
        on
            case when sends.klaviyo_person_id is null then 'campaigns' else 'klaviyo' end = identities.source_system
            and coalesce(sends.klaviyo_person_id, sends.email) = identities.source_profile_id
    where
        lower(sends.arm) <> 'holdout'
        and {{ within_window('sends.sent_date', 365) }}
    group by identities.customer_id, sends.campaign_id
    having min(sends.sent_date) <= max(campaigns.last_offer_date)

),

received as (

    select
        customer_id,
        count(*) as offer_count

    from offers
    group by customer_id

),

used as (

    select
        offers.customer_id,
        count(distinct offers.campaign_id) as used_offer_count

    from offers
    inner join {{ ref('orders') }} as orders
        on offers.customer_id = orders.customer_id
            and offers.first_offer_date <= orders.ordered_date
            and offers.last_offer_date >= orders.ordered_date
    where orders.is_counted and {{ within_window('orders.ordered_date', 365) }}
    group by offers.customer_id

),

joined as (

    select
        received.customer_id,
        received.offer_count,
        coalesce(used.used_offer_count, 0) as used_offer_count

    from received
    left join used
        on received.customer_id = used.customer_id

)

select * from joined
