{# Columns of a fault: one row per record version and rule that it breaks. #}
{% macro fault_columns() -%}
    {{ return({
        'source': dbt.type_string(), 'table_name': dbt.type_string(), 'record_key': dbt.type_string(),
        'version_hash': dbt.type_string(), 'rule_key': dbt.type_string(), 'rule_channel': dbt.type_string(),
        'rule_account': dbt.type_string(), 'severity': dbt.type_string(), 'reason': dbt.type_string(),
        'repair_hint': dbt.type_string(), 'column_name': dbt.type_string(), 'measured': dbt.type_string(),
        'channel': dbt.type_string(), 'account': dbt.type_string(), 'currency': dbt.type_string(),
        'amount': 'decimal(28, 4)', 'value_at_risk': 'decimal(18, 2)', 'is_value_estimated': 'boolean',
        'is_consequential': 'boolean', 'is_waived': 'boolean', 'waived_by': dbt.type_string(),
        'waived_at': dbt.type_timestamp(), 'is_blocking': 'boolean', 'known_at': dbt.type_timestamp(),
        'delivered_at': dbt.type_timestamp(), 'file_id': 'bigint', 'line_number': 'bigint', 'load_id': dbt.type_string()
    }) }}
{%- endmacro %}

{# All faults of one source table: its rules against every version of its records known by the end of as_of_date.

   One scan of the raw table finds the suspects, by the loosest reading of all rules; only those are put into their
   channel and account and judged. `rule_rows` replaces the seed's rows: for tests, and to ask what a limit would do. #}
{% macro record_faults(source_name, table_name, rule_rows=none) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- set rules = validation_rules_of(
        validation_rule_rows() if rule_rows is none else rule_rows, source_name, table_name
    ) -%}
    {%- do stop_on_validation_rule_errors() -%}
    {%- set blocked = {} -%}
    {%- for key in staged_tables()[source_name ~ '.' ~ table_name].reads -%}
        {%- do blocked.update({key: blocked_versions(*key.split('.'))}) -%}
    {%- endfor -%}
    {%- set waivers = ref('stg_overrides__record_overrides') -%}
    {%- set rates = ref('int_exchange_rates') -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set contract = source_contract(source_name, table_name) -%}
    {%- set present = delivered_columns(relation, contract) -%}
    {%- if not rules or not present -%}{{ return(literal_rows(fault_columns(), [])) }}{%- endif -%}
    {%- set lists = rule_lists(rules, contract) %}
with suspects as (

    {{ suspect_versions(
        known_versions(relation, contract, present, load_columns()), rules, contract, relation, present, lists, blocked,
        rates
    ) }}

),

{{ judged_faults(rules, contract, present, lists, 'suspects', rates, waivers) }}
{%- endmacro %}

{# Of the versions that `versions` yields, those that break any row of any rule whatever its scope, with a column per
   list that says whether they miss it. #}
{% macro suspect_versions(versions, rules, contract, relation, present, lists, blocked, rates) -%}
    select
        versions.*
    {%- for list in lists.values() %},
        {{ list.misses }} as {{ list.name }}
    {%- endfor %}

    from (
        select
            {{ record_key_text(contract, 'known') }} as record_key,
            known.*
        from ({{ versions }}) as known
    ) as versions
    {%- for list in lists.values() %}
    left join ({{ rule_list_sql(list, contract, relation, present, blocked, rates) }}) as {{ list.name }}
        on {{ list.condition }}
    {%- endfor %}
    where
        {{ suspicion(rules, contract, lists) }}
{%- endmacro %}

{# The steps from suspects to faults, after a CTE that holds them. #}
{% macro judged_faults(rules, contract, present, lists, suspects, rates, waivers) -%}
{%- set string = dbt.type_string() -%}
{%- set parent = contract.config.meta.parent -%}
scoped as (

    select
        suspects.*,
        {{ version_hash(contract, present, 'suspects') }} as version_hash,
        {{ scope_columns(contract, 'suspects', 'scope') }},
        {{ record_amount(contract, 'suspects') }} as scope_amount

    from {{ suspects }} as suspects
    {%- if parent %}
    left join (
        {{ record_scopes(contract, 'select ' ~ parent_key(contract, 'suspects') ~ ' from ' ~ suspects ~ ' as suspects') }}
    ) as scope
        on {{ parent_key(contract, 'suspects') }} = scope.record_key
    {%- endif %}

),
{%- for list in lists.values() if list.kind == 'reference' %}

{{ list.name }}_held as (

    {{ held_records_sql(list, suspects) }}

),
{%- endfor %}

broken as (
    {%- for rows in rules %}
    {%- set rules_loop = loop %}
    {%- for row in rows if row.is_active %}

    select
        scoped.*,
        {{ text_literal(row.rule_key) }} as rule_key,
        cast({{ text_literal(row.channel) if row.channel else 'null' }} as {{ string }}) as rule_channel,
        cast({{ text_literal(row.account) if row.account else 'null' }} as {{ string }}) as rule_account,
        {{ text_literal(row.severity) }} as severity,
        {{ text_literal(row.reason) }} as rule_reason,
        {{ text_literal(row.repair_hint) }} as rule_hint,
        {{ broken_column(row, contract, lists, 'name') }} as broken_column,
        {{ broken_column(row, contract, lists, 'value') }} as measured,
        {{ consequence(row, lists) }} as is_consequential,
        {{ consequence(row, lists) if is_counted_with_parent(row, contract) else 'false' }} as is_counted_with_parent

    from scoped
    where
        {{ rule_scope_condition(row, rows) }}
        and ({{ rule_condition(row, contract, lists) }})
    {{ 'union all' if not (loop.last and rules_loop.last) }}
    {%- endfor %}
    {%- endfor %}

),

waivers as (

    select
        broken.record_key,
        broken.rule_key,
        min(overrides.decided_at) as waived_at,
        min_by(overrides.override_id, overrides.decided_at) as waived_by

    from broken
    inner join {{ waivers }} as overrides
        on broken.record_key = overrides.record_key
            and (overrides.rule_key is null or broken.rule_key = overrides.rule_key)
    where
        overrides.action = 'waive'
        and overrides.source_name = '{{ contract.source_name }}'
        and overrides.table_name = '{{ contract.name }}'
    group by broken.record_key, broken.rule_key

),

valued as (

    select
        broken.*,
        waivers.waived_at,
        waivers.waived_by,
        rates.rate,
        -- Money that stands on the parent too is counted there.
        max(case when broken.is_counted_with_parent then 1 else 0 end) over (
            partition by broken.record_key, broken.known_at, broken.version_hash
        ) = 1 as is_money_elsewhere

    from broken
    left join waivers
        on broken.record_key = waivers.record_key
            and broken.rule_key = waivers.rule_key
    left join {{ rates }} as rates
        on broken.scope_currency = rates.currency
            and cast(broken.known_at as date) >= rates.valid_from
            and cast(broken.known_at as date) < rates.valid_to

),

faults as (

    select distinct
        cast('{{ contract.source_name }}' as {{ string }}) as source,
        cast('{{ contract.name }}' as {{ string }}) as table_name,
        record_key,
        version_hash,
        rule_key,
        rule_channel,
        rule_account,
        severity,
        rule_reason as reason,
        rule_hint as repair_hint,
        broken_column as column_name,
        measured,
        scope_channel as channel,
        scope_account as account,
        scope_currency as currency,
        scope_amount as amount,
        case
            when is_money_elsewhere then cast(0 as decimal(18, 2))
            -- An unknown currency is taken at par: a figure to rank by, marked as estimated.
            else {{ in_reporting_currency('scope_amount', 'coalesce(rate, 1)') }}
        end as value_at_risk,
        scope_amount is not null and rate is null as is_value_estimated,
        coalesce(is_consequential, false) as is_consequential,
        waived_by is not null as is_waived,
        waived_by,
        waived_at,
        severity in ('reject', 'quarantine') and waived_by is null as is_blocking,
        known_at,
        {{ load_column('_delivered_at', present, dbt.type_timestamp()) }} as delivered_at,
        {{ load_column('_file_id', present, 'bigint') }} as file_id,
        {{ load_column('_line', present, 'bigint') }} as line_number,
        {{ load_column('_load_id', present, string) }} as load_id

    from valued

)

select * from faults
{%- endmacro %}

{# The columns that the load adds, as far as a fault names them. #}
{% macro load_columns() -%}
    {{ return(['_load_id', '_file_id', '_line', '_delivered_at', '_record_hash']) }}
{%- endmacro %}

{% macro load_column(name, present, data_type) -%}
    cast({{ name if name in present else 'null' }} as {{ data_type }})
{%- endmacro %}
