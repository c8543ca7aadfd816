-- Grain: one row per spell of permission that lapses unless it is renewed: the day on which it does.
with given as (

    select
        spells.customer_id,
        spells.statement_id,
        spells.channel,
        spells.purpose,
        spells.valid_from,
        spells.valid_to,
        {{ whole_number('rules.expires_after_days') }} as expires_after_days,
        rules.renewed_by

    from {{ ref('int_consent_spells') }} as spells
    inner join {{ ref('int_consent_rules') }} as rules
        on
            spells.channel = rules.channel
            and spells.purpose = rules.purpose
    where
        spells.kind = 'opted_in'
        and rules.expires_after_days <> ''

),

-- A human open or a click is a sign that permission is still wanted.
uses as (

    select
        customer_id,
        'email' as channel,
        activity_date

    from {{ ref('int_message_engagement_daily') }}
    where email_human_open_count + email_click_count > 0

    union all

    select
        customer_id,
        'sms' as channel,
        activity_date

    from {{ ref('int_message_engagement_daily') }}
    where sms_click_count > 0

),

renewals as (

    select
        given.customer_id,
        given.statement_id,
        given.channel,
        given.purpose,
        given.expires_after_days,
        given.valid_from as renewed_on

    from given

    union all

    select
        given.customer_id,
        given.statement_id,
        given.channel,
        given.purpose,
        given.expires_after_days,
        uses.activity_date as renewed_on

    from given
    inner join uses
        on
            given.customer_id = uses.customer_id
            and given.channel = uses.channel
            and given.valid_from < uses.activity_date
            and (given.valid_to is null or given.valid_to > uses.activity_date)
    where given.renewed_by = 'use'

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

-- Once lapsed, use does not bring it back: the first gap decides.
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
