-- Grain: one row per customer, channel and reason that forbids contact there, whatever was permitted otherwise.
with standing as (

    select * from {{ ref('int_consent_periods') }}
    where valid_to is null

),

channels as (

    {% for channel in contact_channels() %}
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

    from standing
    where
        purpose = 'marketing'
        and kind in ('opted_out', 'spam_complaint', 'hard_bounce')

    union all

    -- A legal hold, or the wish not to be contacted at all, is on every channel.
    select
        standing.customer_id,
        channels.channel,
        standing.purpose as reason,
        standing.valid_from,
        standing.source_system

    from standing
    cross join channels
    where
        standing.purpose in ('legal_hold', 'do_not_contact')
        and standing.kind = 'opted_out'

),

suppressions as (

    select
        customer_id,
        channel,
        reason,
        min(valid_from) as since,
        min_by(source_system, concat(cast(valid_from as {{ dbt.type_string() }}), source_system)) as source

    from reasons
    group by customer_id, channel, reason

)

select * from suppressions
