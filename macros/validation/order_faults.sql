{# All faults of the arithmetic of orders, in the columns of fault_columns and the order they belong to. They are judged
   on the last good versions, so a fault vanishes with the version that had it. #}
{% macro order_faults(rule_rows=none) -%}
    {%- set rows = validation_rule_rows() if rule_rows is none else rule_rows -%}
    {%- do stop_on_validation_rule_errors() -%}
    {%- set checks = ref('int_order_checks') -%}
    {%- set waivers = ref('stg_overrides__record_overrides') -%}
    {%- set rates = ref('int_exchange_rates') -%}
    {%- set tables = [] -%}
    {%- for keys in arithmetic_checks().values() -%}
        {%- for key in keys if key not in tables -%}
            {%- do tables.append(key) -%}
            {%- do source(*key.split('.')) -%}
            {%- do blocked_versions(*key.split('.')) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set judged = [] -%}
    {%- for key in tables -%}
        {%- for rule in validation_rules_of(rows, *key.split('.'), is_arithmetic=true) -%}
            {%- for row in rule if row.is_active -%}{%- do judged.append([row, rule]) -%}{%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if not judged -%}
        {{ return(literal_rows(dict(order_id=dbt.type_string(), return_id=dbt.type_string(), **fault_columns()), [])) }}
    {%- endif -%}
    {%- set string = dbt.type_string() %}
with checks as (

    select
        *,
        channel as scope_channel

    from {{ checks }}

),

broken as (
    {%- for row, rule in judged %}

    select
        *,
        {{ text_literal(row.rule_key) }} as rule_key,
        cast({{ text_literal(row.channel) if row.channel else 'null' }} as {{ string }}) as rule_channel,
        {{ text_literal(row.severity) }} as severity,
        {{ text_literal(row.reason) }} as reason,
        {{ text_literal(row.repair_hint) }} as repair_hint

    from checks
    where
        source_name = '{{ row.source }}'
        and table_name = '{{ row.table_name }}'
        and check_name = '{{ row.column_name }}'
        and {{ rule_scope_condition(row, rule) }}
        and difference > {{ row.max_value }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

origins as (
    {%- for key in tables %}

    {{ version_origins(key, 'broken') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

waivers as (

    select
        broken.source_name,
        broken.table_name,
        broken.record_key,
        broken.rule_key,
        min(overrides.decided_at) as waived_at,
        min_by(overrides.override_id, overrides.decided_at) as waived_by

    from broken
    inner join {{ waivers }} as overrides
        on broken.source_name = overrides.source_name
            and broken.table_name = overrides.table_name
            and broken.record_key = overrides.record_key
            and (overrides.rule_key is null or broken.rule_key = overrides.rule_key)
    where overrides.action = 'waive'
    group by broken.source_name, broken.table_name, broken.record_key, broken.rule_key

),

faults as (

    select
        broken.order_id,
        broken.return_id,
        cast(broken.source_name as {{ string }}) as source,
        cast(broken.table_name as {{ string }}) as table_name,
        broken.record_key,
        origins.version_hash,
        broken.rule_key,
        broken.rule_channel,
        cast(null as {{ string }}) as rule_account,
        broken.severity,
        broken.reason,
        broken.repair_hint,
        broken.check_name as column_name,
        cast(broken.difference as {{ string }}) as measured,
        broken.channel,
        cast(null as {{ string }}) as account,
        broken.currency,
        cast(least(broken.amount, 1000000000000) as decimal(28, 4)) as amount,
        {{ in_reporting_currency('least(broken.amount, 1000000000000)', 'coalesce(rates.rate, 1)') }} as value_at_risk,
        rates.rate is null as is_value_estimated,
        false as is_consequential,
        waivers.waived_by is not null as is_waived,
        waivers.waived_by,
        waivers.waived_at,
        broken.severity in ('reject', 'quarantine') and waivers.waived_by is null as is_blocking,
        origins.known_at,
        origins.delivered_at,
        origins.file_id,
        origins.line_number,
        origins.load_id

    from broken
    left join origins
        on broken.source_name = origins.source_name
            and broken.table_name = origins.table_name
            and broken.record_key = origins.record_key
    left join waivers
        on broken.source_name = waivers.source_name
            and broken.table_name = waivers.table_name
            and broken.record_key = waivers.record_key
            and broken.rule_key = waivers.rule_key
    left join {{ rates }} as rates
        on broken.currency = rates.currency
            and cast(origins.known_at as date) >= rates.valid_from
            and cast(origins.known_at as date) < rates.valid_to

)

select * from faults
{%- endmacro %}

{# Where the versions in use of the records that `relation` names come from: one row per record of one table. #}
{% macro version_origins(key, relation) -%}
    {%- set source_name, table_name = key.split('.') -%}
    {%- set raw = source(source_name, table_name) -%}
    {%- set contract = source_contract(source_name, table_name) -%}
    {%- set present = delivered_columns(raw, contract) -%}
    {%- set blocked = blocked_versions(source_name, table_name) -%}
    select
        '{{ source_name }}' as source_name,
        '{{ table_name }}' as table_name,
        record_key,
        version_hash,
        known_at,
        delivered_at,
        file_id,
        line_number,
        load_id
    from (
        select
            *,
            row_number() over (
                partition by record_key order by known_at desc, delivered_at desc, version_hash
            ) as version_rank
        from (
            select
                {{ record_key_text(contract, 'usable') }} as record_key,
                {{ version_hash(contract, present, 'usable') }} as version_hash,
                known_at,
                {{ load_column('_delivered_at', present, dbt.type_timestamp()) }} as delivered_at,
                {{ load_column('_file_id', present, 'bigint') }} as file_id,
                {{ load_column('_line', present, 'bigint') }} as line_number,
                {{ load_column('_load_id', present, dbt.type_string()) }} as load_id
            from ({{ usable_versions(raw, contract, present, load_columns(), blocked) }}) as usable
        ) as versions
        where record_key in (
            select record_key from {{ relation }}
            where source_name = '{{ source_name }}' and table_name = '{{ table_name }}'
        )
    ) as ranked
    where version_rank = 1
{%- endmacro %}
