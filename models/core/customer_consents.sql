-- Grain: one row per customer, channel and purpose with any known statement, as of as_of_date.
with current_status as (

    select * from {{ ref('consent_history') }}
    where valid_to is null

),

lapses as (

    select * from {{ ref('int_consent_lapses') }}

),

open_periods as (

    select
        periods.customer_id,
        periods.channel,
        periods.purpose,
        max(periods.stated_at) filter (where periods.kind = 'opted_in') as opted_in_at,
        {% for kind in ['opted_out', 'spam_complaint', 'hard_bounce', 'pending', 'unclear'] %}
        max(periods.stated_at) filter (where periods.kind = '{{ kind }}') as {{ kind }}_at,
        {% endfor %}
        -- One permission that never lapses outlives all others.
        case
            when count(*) filter (where periods.kind = 'opted_in' and lapses.expires_on is null) = 0
                then max(lapses.expires_on)
        end as expires_at

    from {{ ref('int_consent_periods') }} as periods
    left join lapses
        on
            periods.statement_id = lapses.statement_id
            and periods.customer_id = lapses.customer_id
            and periods.channel = lapses.channel
            and periods.purpose = lapses.purpose
    where periods.valid_to is null
    group by periods.customer_id, periods.channel, periods.purpose

),

-- A hold applies to the person and overrides permission.
holds as (

    select
        customer_id,
        channel,
        min(reason) as reason

    from {{ ref('suppressions') }}
    where reason in ('legal_hold', 'do_not_contact')
    group by customer_id, channel

),

joined as (

    select
        current_status.customer_id,
        current_status.channel,
        current_status.purpose,
        current_status.status,
        current_status.status = 'opted_in' and holds.reason is null as is_permitted,
        coalesce(holds.reason, current_status.reason) as decided_by,
        case current_status.reason
            {% for kind in ['opted_out', 'spam_complaint', 'hard_bounce', 'pending', 'unclear'] %}
            when '{{ kind }}' then open_periods.{{ kind }}_at
            {% endfor %}
            else open_periods.opted_in_at
        end as stated_at,
        case when current_status.reason in ('opted_in', 'expired') then open_periods.expires_at end as expires_at

    from current_status
    inner join open_periods
        on
            current_status.customer_id = open_periods.customer_id
            and current_status.channel = open_periods.channel
            and current_status.purpose = open_periods.purpose
    left join holds
        on
            current_status.customer_id = holds.customer_id
            and current_status.channel = holds.channel
            and current_status.purpose = 'marketing'

)

select * from joined
