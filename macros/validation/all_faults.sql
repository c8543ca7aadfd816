{# The faults of all tables in one select, each with the first good version that came after it. #}
{% macro all_faults() -%}
    {%- set tables = [] -%}
    {%- for table in validated_tables() -%}
        {%- do tables.append(dict(table, faults=ref(table.model), raw=source(table.source_name, table.table_name))) -%}
    {%- endfor -%}
    {%- set order_faults = ref('int_order_faults') -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set columns = fault_columns().keys() | list -%}
    {%- set selects = [] -%}
    {%- for table in tables_with_faults(tables) -%}
        {%- do selects.append(faults_with_repair(table, columns)) -%}
    {%- endfor -%}
    {%- do selects.append(
        'select ' ~ columns | join(', ') ~ ', true as is_of_order, cast(null as ' ~ dbt.type_timestamp()
        ~ ') as repaired_at, cast(null as bigint) as repaired_file_id from ' ~ order_faults
    ) -%}
    {{ return(selects | join('\n\nunion all\n\n')) }}
{%- endmacro %}

{# Of the given tables those that have a fault. Most have none, and then nothing more is read of them. #}
{% macro tables_with_faults(tables) -%}
    {%- set counts = [] -%}
    {%- for table in tables if load_relation(table.faults) -%}
        {%- do counts.append("select '" ~ table.key ~ "' as table_key, count(*) as faults from " ~ table.faults) -%}
    {%- endfor -%}
    {%- if not counts -%}{{ return([]) }}{%- endif -%}
    {%- set found = run_query(
        'select table_key from (' ~ counts | join(' union all ') ~ ') as counted where faults > 0'
    ).columns[0].values() | list -%}
    {{ return(tables | selectattr('key', 'in', found) | list) }}
{%- endmacro %}

{# The faults of one table. A fault is repaired by the next version of its record that no rule holds back. #}
{% macro faults_with_repair(table, columns) -%}
    {%- set contract = source_contract(table.source_name, table.table_name) -%}
    {%- set present = delivered_columns(table.raw, contract) -%}
    {%- set blocked = blocked_versions(table.source_name, table.table_name) %}
    select
        faults.{{ columns | join(', faults.') }},
        false as is_of_order,
        min(coalesce(good.delivered_at, good.known_at)) as repaired_at,
        min_by(good.file_id, coalesce(good.delivered_at, good.known_at)) as repaired_file_id
    from {{ table.faults }} as faults
    left join (
        select
            {{ record_key_text(contract, 'usable') }} as record_key,
            {{ version_hash(contract, present, 'usable') }} as version_hash,
            usable.known_at,
            {{ load_column('_delivered_at', present, dbt.type_timestamp()) }} as delivered_at,
            {{ load_column('_file_id', present, 'bigint') }} as file_id
        from ({{ usable_versions(table.raw, contract, present, load_columns(), blocked) }}) as usable
        where {{ record_key_text(contract, 'usable') }} in (select record_key from {{ table.faults }})
    ) as good
        on
            faults.record_key = good.record_key
            and (
                good.known_at > faults.known_at
                or (good.known_at = faults.known_at and good.delivered_at > faults.delivered_at)
            )
    group by faults.{{ columns | join(', faults.') }}
{%- endmacro %}

{# The record versions with a fault, as JSON: record_key, version_hash, known_at, payload. Raw values: for schema pii only. #}
{% macro faulty_payloads() -%}
    {%- set tables = [] -%}
    {%- for table in validated_tables() -%}
        {%- do tables.append(dict(table, faults=ref(table.model), raw=source(table.source_name, table.table_name))) -%}
    {%- endfor -%}
    {%- set letters = ref('int_dead_letters') -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set wanted = run_query(
        "select distinct concat(source, '.', table_name) from " ~ letters ~ " where not is_refused_at_door"
    ).columns[0].values() | list -%}
    {%- set selects = [] -%}
    {%- for table in tables | selectattr('key', 'in', wanted) -%}
        {%- do selects.append(payloads_of_table(table, letters)) -%}
    {%- endfor -%}
    {%- do selects.append(literal_rows({
        'source': dbt.type_string(), 'table_name': dbt.type_string(), 'record_key': dbt.type_string(),
        'version_hash': dbt.type_string(), 'known_at': dbt.type_timestamp(), 'payload': dbt.type_string()
    }, [])) -%}
    {{ return(selects | join('\n\nunion all\n\n')) }}
{%- endmacro %}

{% macro payloads_of_table(table, letters) -%}
    {%- set contract = source_contract(table.source_name, table.table_name) -%}
    {%- set present = delivered_columns(table.raw, contract) %}
    select
        '{{ table.source_name }}' as source,
        '{{ table.table_name }}' as table_name,
        versions.record_key,
        versions.version_hash,
        versions.known_at,
        max(versions.payload) as payload
    from (
        select
            {{ record_key_text(contract, 'known') }} as record_key,
            {{ version_hash(contract, present, 'known') }} as version_hash,
            known.known_at,
            {{ row_as_json(contract, 'known') }} as payload
        from ({{ known_versions(table.raw, contract, present, ['_record_hash']) }}) as known
        where {{ record_key_text(contract, 'known') }} in (
            select record_key from {{ letters }}
            where source = '{{ table.source_name }}' and table_name = '{{ table.table_name }}'
        )
    ) as versions
    group by versions.record_key, versions.version_hash, versions.known_at
{%- endmacro %}

{# The columns of a record's contract as one JSON object. #}
{% macro row_as_json(contract, alias) -%}
    {{ return(adapter.dispatch('row_as_json', 'customer_segmentation')(contract, alias)) }}
{%- endmacro %}

{% macro default__row_as_json(contract, alias) -%}
    {%- set parts = [] -%}
    {%- for column in contract.columns.values() -%}
        {%- do parts.append("'" ~ column.name ~ "', " ~ alias ~ '.' ~ adapter.quote(column.name)) -%}
    {%- endfor -%}
    cast(json_object({{ parts | join(', ') }}) as {{ dbt.type_string() }})
{%- endmacro %}

{% macro spark__row_as_json(contract, alias) -%}
    {%- set parts = [] -%}
    {%- for column in contract.columns.values() -%}
        {%- do parts.append("'" ~ column.name ~ "', " ~ alias ~ '.' ~ adapter.quote(column.name)) -%}
    {%- endfor -%}
    to_json(named_struct({{ parts | join(', ') }}))
{%- endmacro %}

{# Rows refused at the door, whole: load_id, path, line_number, payload. Raw values: for schema pii only. #}
{% macro refused_payloads() -%}
    {%- set relation = source('intake', 'rejects') -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set found = adapter.get_relation(relation.database, relation.schema, relation.identifier) -%}
    select load_id, path, line_number, reason, payload
    {%- if found is not none %}
    from {{ found }}
    {%- else %}
    from {{ '(' ~ literal_rows({
        'load_id': dbt.type_string(), 'path': dbt.type_string(), 'line_number': 'bigint',
        'reason': dbt.type_string(), 'payload': dbt.type_string()
    }, []) ~ ') as nothing' }}
    {%- endif -%}
{%- endmacro %}
