-- Grain: one row per profile and time that its customer was set. State: it cannot be computed anew, so it is only ever
-- added to, and outlives every rebuild. A run that looks back to an earlier day adds nothing.
{{ config(schema='state', materialized='incremental', incremental_strategy='append', full_refresh=false) }}

with moves as (

    select * from {{ ref('int_identity_moves') }}

),

numbered as (

    select
        profile_id,
        customer_id,
        previous_customer_id,
        first_known_at,
        {{ as_of_date() }} as assigned_date,
        {% if is_incremental() -%}
        (select coalesce(max(run_number), 0) + 1 from {{ this }}) as run_number,
        {%- else -%}
        cast(1 as bigint) as run_number,
        {%- endif %}
        {{ keyed_hash("'identity registry'") }} as key_check

    from moves
    {% if is_incremental() -%}
    where not exists (select 1 from {{ this }} where assigned_date > {{ as_of_date() }})
    {%- endif %}

)

-- Written after the log, so that a kill between the two loses no entry of the log.
-- depends_on: {{ ref('identity_log') }}
select * from numbered
