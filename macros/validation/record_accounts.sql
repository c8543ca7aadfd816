{# One row per source table: record versions accepted by the load, and what became of each: in use (as staging holds
   them), superseded by a later version, or dead letter of a rule. #}
{% macro record_accounts() -%}
    {%- set tables = [] -%}
    {%- for key, entry in staged_tables().items() -%}
        {%- set source_name, table_name = key.split('.') -%}
        {%- do tables.append({
            'key': key, 'source_name': source_name, 'table_name': table_name,
            'raw': source(source_name, table_name), 'staging': ref(entry.staging),
            'has_others': 'beside' in entry,
            'blocked': blocked_versions(source_name, table_name)
        }) -%}
    {%- endfor -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set selects = [] -%}
    {%- for table in tables -%}
        {%- do selects.append(record_account_of(table)) -%}
    {%- endfor -%}
    {{ return(selects | join('\n\nunion all\n\n')) }}
{%- endmacro %}

{% macro record_account_of(table) -%}
    {%- set contract = source_contract(table.source_name, table.table_name) -%}
    {%- set present = delivered_columns(table.raw, contract) -%}
    {%- set usable = usable_versions(table.raw, contract, present, ['_record_hash'], table.blocked) -%}
    {%- set key = contract.config.meta.key %}
    select
        '{{ table.source_name }}' as source,
        '{{ table.table_name }}' as table_name,
        accepted.row_count as accepted_row_count,
        staged.row_count as in_use_row_count,
        {%- if table.blocked is not none %}
        usable.row_count - usable.record_count + set_aside.row_count as superseded_row_count,
        {%- else %}
        usable.row_count - usable.record_count as superseded_row_count,
        {%- endif %}
        {{ 'held.row_count' if table.blocked is not none else 'cast(0 as bigint)' }} as dead_letter_row_count
    from (
        select count(*) as row_count
        from ({{ known_versions(table.raw, contract, present, []) }}) as known
    ) as accepted
    cross join (
        select count(*) as row_count from {{ table.staging }}
        {%- if table.has_others %}
        where event_id in (select {{ 'id' if present else 'null' }} as id {{ 'from ' ~ table.raw if present }})
        {%- endif %}
    ) as staged
    cross join (
        select
            coalesce(sum(version_count), 0) as row_count,
            count(*) as record_count
        from (
            select count(*) as version_count
            from ({{ usable }}) as versions
            group by {{ quoted_list(key) }}
        ) as records
    ) as usable
    {%- if table.blocked is not none %}
    cross join (
        select count(*) as row_count
        from (select distinct record_key, known_at, version_hash from {{ table.blocked }} where is_blocking) as faults
    ) as held
    cross join (
        {#- Good versions that a quarantined one of their record came after. -#}
        select count(*) as row_count
        from ({{ known_versions(table.raw, contract, present, ['_record_hash']) }}) as known
        inner join (
            select record_key, max(known_at) as held_at
            from {{ table.blocked }}
            where is_blocking and severity = 'quarantine'
            group by record_key
        ) as newer
            on {{ record_key_text(contract, 'known') }} = newer.record_key and known.known_at <= newer.held_at
        left join (
            select distinct record_key, known_at, version_hash from {{ table.blocked }} where is_blocking
        ) as faults
            on {{ record_key_text(contract, 'known') }} = faults.record_key
                and known.known_at = faults.known_at
                and {{ version_hash(contract, present, 'known') }} = faults.version_hash
        where faults.record_key is null
    ) as set_aside
    {%- endif %}
{%- endmacro %}
