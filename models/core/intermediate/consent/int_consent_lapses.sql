-- Grain: one row per period of permission with an expiry: the day on which it lapses.
with permissions as (

    select
        periods.customer_id,
        periods.statement_id,
        periods.channel,
        periods.purpose,
        periods.valid_from,
        periods.valid_to,
        {{ whole_number('rules.expires_after_days') }} as expires_after_days,
        rules.renewed_by

    from {{ ref('int_consent_stated_periods') }} as periods
    inner join {{ ref('int_consent_rules') }} as rules
        on
            periods.channel = rules.channel
            and periods.purpose = rules.purpose
    where
        periods.kind = 'opted_in'
        and rules.expires_after_days <> ''

),

-- A human open or a click is a sign that permission is still wanted.
uses as (

    select distinct
        customer_id,
        case when event_type = 'sms_click' then 'sms' else 'email' end as channel,
        occurred_date as used_on

    from {{ ref('int_message_events') }}
    where event_type in ('email_open', 'email_click', 'sms_click')

),

renewals as (

    select
        permissions.customer_id,
        permissions.statement_id,
        permissions.channel,
        permissions.purpose,
        permissions.expires_after_days,
        permissions.valid_from as renewed_on

    from permissions

    union all

    select
        permissions.customer_id,
        permissions.statement_id,
        permissions.channel,
        permissions.purpose,
        permissions.expires_after_days,
        uses.used_on as renewed_on

    from permissions
    inner join uses
        on
            permissions.customer_id = uses.customer_id
            and permissions.channel = uses.channel
            and permissions.valid_from < uses.used_on
            and (permissions.valid_to is null or permissions.valid_to > uses.used_on)
    where permissions.renewed_by = 'use'

),

spaced as (

    select
        *,
        lead(renewed_on) over (
            partition by customer_id, statement_id, channel, purpose
            order by renewed_on
        ) as next_renewed_on

    from renewals

),

-- Use after the lapse does not bring permission back: the first gap decides.
lapses as (

    select
        customer_id,
        statement_id,
        channel,
        purpose,
        min(cast(renewed_on + expires_after_days as date)) as expires_on

    from spaced
    where next_renewed_on is null or next_renewed_on >= cast(renewed_on + expires_after_days as date)
    group by customer_id, statement_id, channel, purpose

)

select * from lapses
