-- Grain: one row per customer, channel, purpose and range of days with the same consent status.
with boundaries as (

    select * from {{ ref('int_consent_boundaries') }}

),

-- Open ranges of each kind at the end of the day, and the source of the newest one.
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
                    then concat_ws('', cast(boundary_date as {{ dbt.type_string() }}), {{ kind }}_source)
            end
        ) over so_far as {{ kind }}_source,
        {% endfor %}
        boundary_date

    from boundaries
    window so_far as (
        partition by customer_id, channel, purpose
        order by boundary_date
        rows between unbounded preceding and current row
    )

),

decided as (

    select
        customer_id,
        channel,
        purpose,
        boundary_date,
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
        lag(kind) over (partition by customer_id, channel, purpose order by boundary_date) as kind_before,
        lag(source) over (partition by customer_id, channel, purpose order by boundary_date) as source_before

    from decided

),

starts as (

    select
        customer_id,
        channel,
        purpose,
        kind,
        source,
        boundary_date as valid_from,
        lead(boundary_date) over (partition by customer_id, channel, purpose order by boundary_date) as valid_to

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
