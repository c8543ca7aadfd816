-- Grain: one row per profile and time that its customer was set. State: it cannot be recomputed, so it is
-- append-only and survives every rebuild. A run for an earlier day adds nothing.
{{ config(schema='state', materialized='incremental', incremental_strategy='append', full_refresh=false) }}

with moves as (

    select * from {{ ref('int_identity_moves') }}

),

{% if is_incremental() %}
registered as (

    select
        *,
        row_number() over (partition by profile_id order by run_number desc) as recency_rank

    from {{ this }}

),

newest as (

    select
        max(run_number) as run_number,
        max(assigned_date) as assigned_date

    from registered

),
{% endif %}
numbered as (

    select
        moves.profile_id,
        moves.customer_id,
        moves.previous_customer_id,
        moves.first_known_at,
        {{ as_of_date() }} as assigned_date,
        {% if is_incremental() %}coalesce(newest.run_number, 0) + 1{% else %}cast(1 as bigint){% endif %} as run_number,
        {{ keyed_hash("'identity registry'") }} as key_check

    from moves
    {% if is_incremental() -%}
    cross join newest
    -- The moves may have been found before an earlier attempt at this run wrote them.
    left join registered
        on moves.profile_id = registered.profile_id and registered.recency_rank = 1
    where
        coalesce(newest.assigned_date <= {{ as_of_date() }}, true)
        and coalesce(registered.customer_id <> moves.customer_id, true)
    {%- endif %}

)

-- Written after the log, so that a run killed between the two loses no log entry.
-- depends_on: {{ ref('identity_log') }}
select * from numbered
