{# Stops a model with the first faults when validation rules are faulty. #}
{% macro stop_on_validation_rule_errors() -%}
    {%- do stop_on_rule_errors(
        ref('int_validation_rule_errors'),
        'the validation rules have {count} fault(s); nothing is judged until they are mended'
    ) -%}
{%- endmacro %}

{# The arithmetic of orders that rules may name, and the tables it is told of. #}
{% macro arithmetic_checks() -%}
    {{ return({
        'lines_against_total': ['shopify.order', 'pos.receipt'],
        'payments_against_total': ['shopify.order', 'pos.receipt'],
        'refunds_against_order': ['shopify.order_line_refund', 'shopify.order_adjustment', 'returns.return_line']
    }) }}
{%- endmacro %}

{# One row per column of every source table, and what may be said of it in a rule. #}
{% macro validation_column_rows() -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set tables = staged_tables() -%}
    {%- set rows = [] -%}
    {%- for table in delivered_tables() -%}
        {%- set key = table.source_name ~ '.' ~ table.name -%}
        {%- set scopes = table_scopes(table) -%}
        {%- for column in table.columns.values() -%}
            {%- do rows.append(
                "('" ~ key ~ "', '" ~ column.name ~ "', '" ~ column.data_type ~ "', "
                ~ ('reads' in tables.get(key, {})) | string | lower ~ ", " ~ ('channel' in scopes) | string | lower ~ ", "
                ~ ('account' in scopes) | string | lower ~ ", '|" ~ tables.get(key, {}).get('reads', []) | join('|') ~ "|')"
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    select table_key, column_name, data_type, is_validated, has_channel, has_account, readable_tables
    from (values
        {{ rows | join(',\n        ') }}
    ) as contract_columns (
        table_key, column_name, data_type, is_validated, has_channel, has_account, readable_tables
    )
{%- endmacro %}

{# Which of channel and account the records of a table tell, by themselves or through their parents. #}
{% macro table_scopes(contract) -%}
    {%- set meta = contract.config.meta -%}
    {%- set scopes = [] -%}
    {%- if meta.channel or meta.channel_value -%}{%- do scopes.append('channel') -%}{%- endif -%}
    {%- if meta.account -%}{%- do scopes.append('account') -%}{%- endif -%}
    {%- if meta.parent -%}
        {%- do scopes.extend(table_scopes(source_contract(contract.source_name, meta.parent.table))) -%}
    {%- endif -%}
    {{ return(scopes | unique | list) }}
{%- endmacro %}
