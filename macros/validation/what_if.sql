{# What a changed limit would do, by channel: rows and money let in, rows that another rule would still hold, rows and
   money newly held. Judges the rule twice, as it is and as it would be, with the macros of the build. A rule that only
   warns holds nothing: then the rows are those that it says something about. #}
{% macro what_if(source_name, table_name, rule_key, is_arithmetic, changes) -%}
    {%- set key = source_name ~ '.' ~ table_name -%}
    {%- set rows = [] -%}
    {%- for row in validation_rule_rows() -%}
        {%- set cells = validation_rule_cells(row) -%}
        {%- if cells.rule_key == rule_key -%}{%- do rows.append(dict(row, **cells)) -%}{%- endif -%}
    {%- endfor -%}
    {%- set changed = changed_rule_rows(rows, changes) -%}
    {%- set now = order_faults(rows) if is_arithmetic else record_faults(source_name, table_name, rows) -%}
    {%- set then = order_faults(changed) if is_arithmetic else record_faults(source_name, table_name, changed) -%}
    {%- set others = ref('val_' ~ source_name ~ '__' ~ table_name) -%}
    {%- set dependants = [] -%}
    {%- for table in validated_tables() if key in table.reads -%}
        {%- do dependants.append(dict(table, faults=ref(table.model))) -%}
    {%- endfor -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif %}
with now_faults as (

    select * from ({{ now }}) as judged

),

then_faults as (

    select * from ({{ then }}) as judged

),

others as (

    select distinct record_key, known_at, version_hash
    from {{ others }}
    where is_blocking and rule_key <> {{ text_literal(rule_key) }}

),

compared as (

    select
        coalesce(now_faults.record_key, then_faults.record_key) as record_key,
        coalesce(now_faults.channel, then_faults.channel) as channel,
        coalesce(now_faults.value_at_risk, then_faults.value_at_risk, 0) as value_at_risk,
        now_faults.record_key is not null and not now_faults.is_waived as is_flagged_now,
        then_faults.record_key is not null and not then_faults.is_waived as is_flagged_then,
        others.record_key is not null as is_held_by_another

    from now_faults
    full outer join then_faults
        on now_faults.record_key = then_faults.record_key
            and now_faults.known_at = then_faults.known_at
            and now_faults.version_hash = then_faults.version_hash
    left join others
        on coalesce(now_faults.record_key, then_faults.record_key) = others.record_key
            and coalesce(now_faults.known_at, then_faults.known_at) = others.known_at
            and coalesce(now_faults.version_hash, then_faults.version_hash) = others.version_hash

),

fates as (

    select
        *,
        is_flagged_now and not is_flagged_then and not is_held_by_another as is_let_in,
        is_flagged_now and not is_flagged_then and is_held_by_another as is_still_held,
        is_flagged_then and not is_flagged_now and not is_held_by_another as is_newly_held

    from compared

),

by_channel as (

    select
        channel,
        count(case when is_let_in then 1 end) as let_in_rows,
        coalesce(sum(case when is_let_in then value_at_risk end), 0) as let_in_value,
        count(case when is_still_held then 1 end) as still_held_rows,
        count(case when is_newly_held then 1 end) as newly_held_rows,
        coalesce(sum(case when is_newly_held then value_at_risk end), 0) as newly_held_value

    from fates
    group by channel

),

-- Rows that refer to a record let in, and are held for nothing else: they come in with it.
following as (
    {%- for table in dependants %}

    select
        '{{ table.key }}' as table_key,
        count(*) as following_rows
    from (
        select record_key, known_at, version_hash
        from {{ table.faults }}
        where is_blocking
        group by record_key, known_at, version_hash
        having min(
            case when is_consequential and measured in (select record_key from fates where is_let_in) then 1 else 0 end
        ) = 1
    ) as held
    {{ 'union all' if not loop.last }}
    {%- else %}

    select cast(null as {{ dbt.type_string() }}) as table_key, cast(0 as bigint) as following_rows
    where 1 = 0
    {%- endfor %}

)

select
    'channel' as line_kind,
    channel as name,
    let_in_rows,
    let_in_value,
    still_held_rows,
    newly_held_rows,
    newly_held_value
from by_channel
where let_in_rows + still_held_rows + newly_held_rows > 0

union all

select
    'following',
    table_key,
    following_rows,
    0,
    0,
    0,
    0
from following
where following_rows > 0
{%- endmacro %}

{# The rows of one rule with another limit for one scope: a row of its own where the scope has none. #}
{% macro changed_rule_rows(rows, changes) -%}
    {%- set changed = [] -%}
    {%- set state = {'found': false} -%}
    {%- for row in rows -%}
        {%- if row.channel == changes.channel and row.account == changes.account -%}
            {%- do state.update({'found': true}) -%}
            {%- do changed.append(dict(row, **dict(changes, is_active='true'))) -%}
        {%- else -%}
            {%- do changed.append(dict(row, is_active=row.is_active | string | lower)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not state.found and rows -%}
        {%- set nearest = rows | selectattr('specificity', 'equalto', 0) | first or rows[0] -%}
        {%- do changed.append(dict(nearest, **dict(changes, is_active='true'))) -%}
    {%- endif -%}
    {{ return(changed) }}
{%- endmacro %}
