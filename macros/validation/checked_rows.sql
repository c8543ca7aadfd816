{# How many record versions each rule looks at: per table with a rule, and per channel and account where its rules
   tell them apart. #}
{% macro checked_rows() -%}
    {%- for table in validated_tables() -%}{%- do source(table.source_name, table.table_name) -%}{%- endfor -%}
    {%- set rows = validation_rule_rows() -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set selects = [] -%}
    {%- for table in validated_tables() -%}
        {%- set own = validation_rules_of(rows, table.source_name, table.table_name) -%}
        {%- set of_orders = validation_rules_of(rows, table.source_name, table.table_name, is_arithmetic=true) -%}
        {%- set contract = source_contract(table.source_name, table.table_name) -%}
        {%- set present = delivered_columns(source(table.source_name, table.table_name), contract) -%}
        {%- if own + of_orders and present -%}
            {%- do selects.append(checked_rows_of(contract, present, has_scopes(own + of_orders))) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do selects.append(literal_rows({
        'table_key': dbt.type_string(), 'channel': dbt.type_string(), 'account': dbt.type_string(),
        'row_count': 'bigint'
    }, [])) -%}
    {{ return(selects | join('\n\nunion all\n\n')) }}
{%- endmacro %}

{% macro has_scopes(rules) -%}
    {%- for rows in rules -%}
        {%- if rows | selectattr('specificity') | list -%}{{ return(true) }}{%- endif -%}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}

{% macro checked_rows_of(contract, present, is_scoped) -%}
    {%- set relation = source(contract.source_name, contract.name) -%}
    {%- set known = known_versions(relation, contract, present, []) %}
    select
        '{{ contract.source_name }}.{{ contract.name }}' as table_key,
        {{ 'lower(scope_channel)' if is_scoped else "cast(null as " ~ dbt.type_string() ~ ")" }} as channel,
        {{ 'lower(scope_account)' if is_scoped else "cast(null as " ~ dbt.type_string() ~ ")" }} as account,
        count(*) as row_count
    from (
        {%- if is_scoped %}
        select {{ scope_columns(contract, 'known', 'scope') }}
        from ({{ known }}) as known
        {%- if contract.config.meta.parent %}
        left join (
            {{ record_scopes(contract, 'select ' ~ parent_key(contract, 'keys') ~ ' from (' ~ known ~ ') as keys') }}
        ) as scope
            on {{ parent_key(contract, 'known') }} = scope.record_key
        {%- endif %}
        {%- else %}
        select known_at from ({{ known }}) as known
        {%- endif %}
    ) as versions
    group by 1, 2, 3
{%- endmacro %}
