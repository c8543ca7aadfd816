-- Grain: one row per consent statement or signal of any system, in one vocabulary.
with consent_events as (

    select
        *,
        regexp_extract(lower(trim(channel)), '^({{ objection_channels() | join('|') }})$', 0) as known_channel,
        replace(replace(lower(trim(status)), ' ', '_'), '-', '_') as plain_status

    from {{ ref('stg_consent__consent_events') }}
    where occurred_date <= {{ as_of_date() }}

),

signals as (

    select
        *,
        {{ business_date('occurred_at') }} as occurred_date

    from {{ ref('int_consent_signals') }}

),

meanings as (

    select
        lower(trim(source)) as source_system,
        lower(trim(signal)) as signal,
        lower(trim(channel)) as channel,
        lower(trim(counts_as)) as kind

    from {{ ref('consent_signals') }}

),

stated as (

    select
        concat_ws('', 'consent:', event_id) as statement_id,
        'consent' as source_system,
        event_id as source_profile_id,
        nullif(known_channel, '') as channel,
        lower(trim(purpose)) as purpose,
        -- More words are accepted for a withdrawal than for a permission.
        case
            when plain_status in ('opted_in', 'pending') then plain_status
            when plain_status in ('opted_out', 'opt_out', 'unsubscribed', 'withdrawn', 'objected') then 'opted_out'
            else 'unclear'
        end as kind,
        email,
        phone,
        loyalty_number,
        source_customer_id as shop_customer_id,
        occurred_at as stated_at

    from consent_events
    -- A deleted permission is none; a deleted withdrawal stays one.
    where
        not is_deleted
        or plain_status in ('opted_out', 'opt_out', 'unsubscribed', 'withdrawn', 'objected')

    union all

    select
        signals.signal_id as statement_id,
        signals.source_system,
        signals.source_profile_id,
        meanings.channel,
        'marketing' as purpose,
        coalesce(meanings.kind, signals.signal) as kind,
        signals.email,
        signals.phone,
        cast(null as {{ dbt.type_string() }}) as loyalty_number,
        signals.shop_customer_id,
        signals.occurred_at as stated_at

    from signals
    left join meanings
        on
            signals.source_system = meanings.source_system
            and signals.signal = meanings.signal
    where
        signals.occurred_date <= {{ as_of_date() }}
        and (
            meanings.kind in ('opted_in', 'single_opt_in', 'opted_out')
            or signals.signal in ('spam_complaint', 'hard_bounce')
        )

)

select * from stated
