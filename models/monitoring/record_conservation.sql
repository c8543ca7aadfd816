-- Grain: one row per source table: record versions accepted by the load, and what became of each of them.
{%- set selects = [] %}
{%- for key, entry in staged_tables().items() %}
{%- set source_name, table_name = key.split('.') %}
{%- set counted %}
    select '{{ source_name }}' as source, '{{ table_name }}' as table_name, count(*) as row_count
    from {{ ref(entry.staging) }}
    {%- if entry.beside %}
    {%- set own = source(source_name, table_name) %}
    {#- The staging model also holds events that only the table in `beside` has. #}
    where {{ 'event_id in (select id from ' ~ own ~ ')' if execute and raw_columns(own) else '1 = 0' }}
    {%- endif %}
{%- if entry.deleted %}
    where not {{ entry.deleted }}
{%- endif %}
{%- endset %}
{%- do selects.append(counted) %}
{%- endfor %}
with staged as (
    {{ union_all(selects) }}

),

dead_letters as (

    select
        source,
        table_name,
        count(*) as version_count

    from (
        select distinct
            source,
            table_name,
            record_key,
            version_hash,
            known_at
        from {{ ref('int_rule_violations') }}
        where is_blocking
    ) as held_versions
    group by source, table_name

),

-- Records that broke a rule: how many of their versions are blocked, and how many records have no usable version left.
violated as (

    select
        source,
        table_name,
        sum(blocked_count) as blocked_count,
        sum(case when usable_count = 0 then 1 else 0 end) as lost_record_count

    from (
        select
            source,
            table_name,
            record_key,
            sum(case when is_blocked then 1 else 0 end) as blocked_count,
            sum(case when is_usable then 1 else 0 end) as usable_count
        from {{ ref('int_violated_record_versions') }}
        group by source, table_name, record_key
    ) as records
    group by source, table_name

),

-- Held back by the arithmetic of an order: they are in staging, but not in orders and returns.
of_orders as (

    select
        source,
        table_name,
        count(distinct record_key) as record_count

    from {{ ref('int_order_violations') }}
    where is_blocking
    group by source, table_name

),

final as (

    select
        staged.source,
        staged.table_name,
        cast(coalesce(counts.version_count, 0) as bigint) as accepted_row_count,
        cast(staged.row_count - coalesce(of_orders.record_count, 0) as bigint) as in_use_row_count,
        -- Usable versions, except the one in use of every record that has any and that its source did not delete.
        cast(
            coalesce(counts.version_count - counts.record_count + counts.deleted_record_count, 0)
            - coalesce(violated.blocked_count - violated.lost_record_count, 0) as bigint
        ) as superseded_row_count,
        cast(coalesce(dead_letters.version_count, 0) + coalesce(of_orders.record_count, 0) as bigint)
            as dead_letter_row_count

    from staged
    left join {{ ref('int_record_counts') }} as counts
        on staged.source = counts.source
            and staged.table_name = counts.table_name
    left join dead_letters
        on staged.source = dead_letters.source
            and staged.table_name = dead_letters.table_name
    left join violated
        on staged.source = violated.source
            and staged.table_name = violated.table_name
    left join of_orders
        on staged.source = of_orders.source
            and staged.table_name = of_orders.table_name

)

select * from final
