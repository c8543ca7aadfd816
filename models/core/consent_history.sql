-- Grain: one row per customer, channel, purpose and range of days with one and the same status of consent.
with boundaries as (

    select * from {{ ref('int_consent_boundaries') }}

),

-- How many ranges of each kind are open at the end of the day, and what the newest of them came from.
running as (

    select
        customer_id,
        channel,
        purpose,
        {% for kind in consent_kinds() %}
        sum({{ kind }}_step) over so_far as {{ kind }}_count,
        max(
            case
                when {{ kind }}_source is not null
                    then concat(cast(turns_on as {{ dbt.type_string() }}), {{ kind }}_source)
            end
        ) over so_far as {{ kind }}_source,
        {% endfor %}
        turns_on

    from boundaries
    window so_far as (
        partition by customer_id, channel, purpose
        order by turns_on
        rows between unbounded preceding and current row
    )

),

decided as (

    select
        customer_id,
        channel,
        purpose,
        turns_on,
        case
            {% for kind in consent_kinds() %}
            when {{ kind }}_count > 0 then '{{ kind }}'
            {% endfor %}
        end as kind,
        case
            {% for kind in consent_kinds() %}
            when {{ kind }}_count > 0 then substr({{ kind }}_source, 11)
            {% endfor %}
        end as source

    from running

),

changed as (

    select
        *,
        lag(kind) over (partition by customer_id, channel, purpose order by turns_on) as kind_before,
        lag(source) over (partition by customer_id, channel, purpose order by turns_on) as source_before

    from decided

),

starts as (

    select
        customer_id,
        channel,
        purpose,
        kind,
        source,
        turns_on as valid_from,
        lead(turns_on) over (partition by customer_id, channel, purpose order by turns_on) as valid_to

    from changed
    where
        kind_before is distinct from kind
        or source_before is distinct from source

),

history as (

    select
        customer_id,
        channel,
        purpose,
        case when kind in ('spam_complaint', 'hard_bounce') then 'blocked' else kind end as status,
        valid_from,
        valid_to,
        source,
        kind as reason

    from starts
    where kind is not null

)

select * from history
