{# The contract of a source table: its entry of `graph.sources`. #}
{% macro source_contract(source_name, table_name) -%}
    {{ return(graph.sources['source.' ~ project_name ~ '.' ~ source_name ~ '.' ~ table_name]) }}
{%- endmacro %}

{# Every version of every record known by the end of as_of_date: the columns of the contract, typed, all or those in
   `names`; of the load's own columns those in `extras` that the raw table has; then known_at and whether it says that
   the record was deleted. #}
{% macro known_versions(relation, contract, present, extras, names=none) -%}
    {%- set columns = [] -%}
    {%- for column in contract.columns.values() if names is none or column.name in names -%}
        {%- do columns.append(typed_column(column, column.name | lower in present) ~ ' as ' ~ adapter.quote(column.name)) -%}
    {%- endfor -%}
    {%- do columns.extend(extras | select('in', present)) -%}
    {%- do columns.append(source_known_at(contract, present) ~ ' as known_at') -%}
    {%- do columns.append(says_deleted(contract, present) ~ ' as _says_deleted') -%}
    {%- set separator = ',\n                ' if names is none else ', ' -%}
select * from (select {{ columns | join(separator) }} {{ 'from ' ~ relation if present else 'where 1 = 0' }}) as typed where known_at < {{ as_of_end() }}
{%- endmacro %}

{# The known versions that no rule holds back; `blocked` is what blocked_versions returns.

   A rejected version is skipped: the last good one stays. A quarantined one sets its record aside, including all older
   versions, until a good version comes: the state of an order whose newest version is implausible is unknown, and the
   version before it may show it as not cancelled. #}
{% macro usable_versions(relation, contract, present, extras, blocked) -%}
    {%- if blocked is none -%}
        {{ return(known_versions(relation, contract, present, extras)) }}
    {%- endif -%}
        select known.*
        from ({{ known_versions(relation, contract, present, (extras + ['_record_hash']) | unique | list) }}) as known
        {{- join_blocked(contract, present, blocked) }}
        where {{ is_usable_version() }}
{%- endmacro %}

{# Joins what holds back the versions of a table to them (`known`): their own violations, or a later one that
   quarantined their record. #}
{% macro join_blocked(contract, present, blocked) %}
        {%- set key = record_key_text(contract, 'known') %}
        left join (select distinct record_key, known_at, version_hash from {{ blocked }}) as blocked
            on {{ key }} = blocked.record_key and known.known_at = blocked.known_at
                and {{ version_hash(contract, present, 'known') }} = blocked.version_hash
        left join (
            select record_key, max(known_at) as held_at from {{ blocked }} where severity = 'quarantine' group by record_key
        ) as held on {{ key }} = held.record_key
{%- endmacro %}

{# Whether, after join_blocked, a version may be used. #}
{% macro is_usable_version() -%}
    blocked.record_key is null and (held.held_at is null or known.known_at > held.held_at)
{%- endmacro %}

{# The violations that hold versions of a table back, as a select in brackets; none where there are none, so that a
   table without any costs nothing. In a run for a given day nothing is queried, so its SQL is the same for any day.
   `validated` names a CTE that has them, in the model that validates the table itself. #}
{% macro blocked_versions(source_name, table_name, validated=none) -%}
    {%- if 'reads' not in staged_tables().get(source_name ~ '.' ~ table_name, {}) -%}{{ return(none) }}{%- endif -%}
    {%- set found = validated or ref(violations_model(source_name, table_name)) -%}
    {%- if not validated -%}
        {#- A model selected alone, on a warehouse that was never built in full, finds no violations model yet. -#}
        {%- if not execute or not load_relation(found) -%}{{ return(none) }}{%- endif -%}
        {%- set memory = run_memory('blocking') -%}
        {%- set name = found | string -%}
        {%- if name not in memory and var('as_of_date', none) is none -%}
            {%- do memory.update({
                name: run_query('select distinct table_name from ' ~ found ~ ' where is_blocking').columns[0].values() | list
            }) -%}
        {%- endif -%}
        {%- if table_name not in memory.get(name, [table_name]) -%}{{ return(none) }}{%- endif -%}
    {%- endif -%}
    {{ return(
        "(select record_key, known_at, version_hash, severity from " ~ found ~ " where table_name = '" ~ table_name
        ~ "' and is_blocking) as violations"
    ) }}
{%- endmacro %}

{# The key of a record as one text; the values of a key of several columns are joined with |. #}
{% macro record_key_text(contract, alias) -%}
    {%- set parts = [] -%}
    {%- for name in contract.config.meta.key -%}
        {%- do parts.append('cast(' ~ alias ~ '.' ~ adapter.quote(name) ~ ' as ' ~ dbt.type_string() ~ ')') -%}
    {%- endfor -%}
    {{ return(parts[0] if parts | length == 1 else "concat_ws('|', " ~ parts | join(', ') ~ ')') }}
{%- endmacro %}

{# What distinguishes two versions of a record with the same timestamp: the load's hash, else one over all columns. #}
{% macro version_hash(contract, present, alias) -%}
    {%- if '_record_hash' in present -%}
        {{ return('cast(' ~ alias ~ '._record_hash as ' ~ dbt.type_string() ~ ')') }}
    {%- endif -%}
    {%- set parts = [] -%}
    {%- for column in contract.columns.values() -%}
        {%- do parts.append(
            "coalesce(cast(" ~ alias ~ '.' ~ adapter.quote(column.name) ~ " as " ~ dbt.type_string() ~ "), '-')"
        ) -%}
    {%- endfor -%}
    {{ return("md5(concat_ws('|', " ~ parts | join(', ') ~ '))') }}
{%- endmacro %}
