-- Grain: one row per customer, channel and reason that forbids contact there, whatever else is permitted.
with open_periods as (

    select * from {{ ref('int_consent_periods') }}
    where valid_to is null

),

channels as (

    {% for channel in objection_channels() %}
    select '{{ channel }}' as channel
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

reasons as (

    select
        customer_id,
        channel,
        kind as reason,
        valid_from,
        source_system

    from open_periods
    where
        purpose = 'marketing'
        and kind in ('opted_out', 'spam_complaint', 'hard_bounce')

    union all

    -- A legal hold or a do-not-contact request applies to every channel.
    select
        open_periods.customer_id,
        channels.channel,
        open_periods.purpose as reason,
        open_periods.valid_from,
        open_periods.source_system

    from open_periods
    cross join channels
    where
        open_periods.purpose in ('legal_hold', 'do_not_contact')
        and open_periods.kind = 'opted_out'

),

suppressions as (

    select
        customer_id,
        channel,
        reason,
        min(valid_from) as since,
        min_by(source_system, (valid_from, source_system)) as source

    from reasons
    group by customer_id, channel, reason

)

select * from suppressions
