-- Grain: one row per merge or split of customers and piece of evidence. State: append-only. A run for an
-- earlier day adds nothing.
{{ config(schema='state', materialized='incremental', incremental_strategy='append', full_refresh=false) }}

with changes as (

    select * from {{ ref('int_identity_changes') }}

),
{% if is_incremental() %}
logged as (

    select * from {{ this }}

),

later as (

    select max(changed_date) as newest_date from logged

),
{% endif %}
unlogged as (

    select changes.* from changes
    {% if is_incremental() -%}
    cross join later
    left join logged
        on changes.old_customer_id = logged.old_customer_id
            and changes.new_customer_id = logged.new_customer_id
            and changes.changed_date = logged.changed_date
            and changes.evidence_rank = logged.evidence_rank
    where logged.old_customer_id is null
        and coalesce(later.newest_date <= {{ as_of_date() }}, true)
    {%- endif %}

)

select * from unlogged
