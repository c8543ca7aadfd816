-- Grain: one row per customer, channel, purpose and day on which consent ranges open or close, counted by kind.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with periods as (

    select * from {{ ref('int_consent_periods') }}

),

lapses as (

    select * from {{ ref('int_consent_lapses') }}
    where expires_on <= {{ as_of_date() }}

),

with_expiry as (

    select
        periods.customer_id,
        periods.channel,
        periods.purpose,
        periods.kind,
        periods.source_system,
        periods.valid_from,
        periods.valid_to,
        case when periods.valid_to is null or lapses.expires_on < periods.valid_to then lapses.expires_on end
            as expired_on

    from periods
    left join lapses
        on
            periods.statement_id = lapses.statement_id
            and periods.customer_id = lapses.customer_id
            and periods.channel = lapses.channel
            and periods.purpose = lapses.purpose

),

ranges as (

    select
        customer_id,
        channel,
        purpose,
        kind,
        source_system,
        valid_from,
        coalesce(expired_on, valid_to) as valid_to

    from with_expiry

    union all

    select
        customer_id,
        channel,
        purpose,
        'expired' as kind,
        source_system,
        expired_on as valid_from,
        valid_to

    from with_expiry
    where expired_on is not null

),

-- A range opens on its first day and closes on the day after its last; zero-length ranges are dropped.
boundaries as (

    select
        customer_id,
        channel,
        purpose,
        kind,
        source_system,
        valid_from as boundary_date,
        1 as step

    from ranges
    where valid_to is null or valid_to > valid_from

    union all

    select
        customer_id,
        channel,
        purpose,
        kind,
        null as source_system,
        valid_to as boundary_date,
        -1 as step

    from ranges
    where valid_to > valid_from

),

daily as (

    select
        customer_id,
        channel,
        purpose,
        {% for kind in consent_kinds() %}
        sum(case when kind = '{{ kind }}' then step else 0 end) as {{ kind }}_step,
        max(case when kind = '{{ kind }}' then source_system end) as {{ kind }}_source,
        {% endfor %}
        boundary_date

    from boundaries
    group by customer_id, channel, purpose, boundary_date

)

select * from daily
