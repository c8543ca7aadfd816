{# Key of the parent that a record's contract names, as text. #}
{% macro parent_key(contract, alias) -%}
    {{ return('cast(' ~ alias ~ '.' ~ adapter.quote(contract.config.meta.parent.column) ~ ' as ' ~ dbt.type_string() ~ ')') }}
{%- endmacro %}

{# Channel, account and currency of a record as columns: its own values only with `prefix`, else those of its parent
   (`parents`) where it has none. #}
{% macro scopes_of(contract, alias, prefix='') -%}
    {%- set meta = contract.config.meta -%}
    {%- set currency = ['currency', 'unit_cost_currency_code'] | select('in', contract.columns) | first -%}
    {%- set own = {
        'channel': [
            alias ~ '.' ~ adapter.quote(meta.channel) if meta.channel, text_literal(meta.channel_value) if meta.channel_value
        ],
        'account': [alias ~ '.' ~ adapter.quote(meta.account) if meta.account],
        'currency': ['upper(' ~ alias ~ '.' ~ adapter.quote(currency) ~ ')' if currency]
    } -%}
    {%- set columns = [] -%}
    {%- for scope, expressions in own.items() -%}
        {%- set parts = (expressions + ['parents.' ~ scope if meta.parent and not prefix]) | select | list -%}
        {%- set value = 'coalesce(' ~ parts | join(', ') ~ ')' if parts | length > 1 else parts | first | default('null', true) -%}
        {%- do columns.append('cast(' ~ value ~ ' as ' ~ dbt.type_string() ~ ') as ' ~ prefix ~ scope) -%}
    {%- endfor -%}
    {{ return(columns | join(', ')) }}
{%- endmacro %}

{# The columns of a contract that hold key, parent and scope of a record. #}
{% macro scope_columns(contract) -%}
    {%- set meta = contract.config.meta -%}
    {%- set others = [
        meta.channel, meta.account, meta.parent.column if meta.parent, 'currency', 'unit_cost_currency_code'
    ] -%}
    {{ return(meta.key + others | select('in', contract.columns) | list) }}
{%- endmacro %}

{# One row per wanted record of a table that others belong to, whether held back or not: table, key, channel, account
   and currency, its own or its parent's, from its newest version. `wanted` is a select of keys; none: all. #}
{% macro record_scopes(contract, wanted=none) -%}
    {%- set relation = source(contract.source_name, contract.name) -%}
    {%- set parent = contract.config.meta.parent -%}
    {%- set known = known_versions(relation, contract, delivered_columns(relation, contract), [], scope_columns(contract)) -%}
    {%- set key = record_key_text(contract, 'known') -%}
        select
            '{{ contract.name }}' as table_name, record_key
            {%- for scope in ['channel', 'account', 'currency'] %},
            {{ newest_value(scope, 'known_at') }} as {{ scope }}
            {%- endfor %}
        from (
            select {{ key }} as record_key, known.known_at, {{ scopes_of(contract, 'known') }}
            from ({{ known }}) as known
            {%- if parent %}
            left join (
            {{ record_scopes(
                source_contract(contract.source_name, parent.table),
                'select ' ~ parent_key(contract, 'known') ~ ' from (' ~ known ~ ') as known where ' ~ key ~ ' in (' ~ wanted ~ ')'
                if wanted else none
            ) }}
            ) as parents on {{ parent_key(contract, 'known') }} = parents.record_key
            {%- endif %}
            {{- ' where ' ~ key ~ ' in (' ~ wanted ~ ')' if wanted }}
        ) as scopes
        group by record_key
{%- endmacro %}

{# Column with the amount of money that a record stands for: the first of these names that its table has. The same as
   AMOUNTS in scripts/platform/contracts.py; a test keeps the two in step. #}
{% macro amount_column(contract) -%}
    {{ return([
        'total_price', 'total_amount', 'total', 'amount', 'refund_amount', 'subtotal', 'spend_amount', 'cost_amount',
        'item_price', 'unit_price', 'price'
    ] | select('in', contract.columns) | first or none) }}
{%- endmacro %}

{# The money that a record stands for, in its own currency; an absurd figure is capped at a trillion. #}
{% macro record_amount(contract, alias) -%}
    {%- set name = amount_column(contract) -%}
    {%- if not name -%}{{ return('cast(null as decimal(28, 4))') }}{%- endif -%}
    {#- greatest and least skip nulls, so a missing amount is handled separately. -#}
    {%- set column = alias ~ '.' ~ adapter.quote(name) -%}
    {%- set amount = 'least(abs(cast(' ~ column ~ ' as decimal(18, 4))), 1000000000000)' -%}
    {%- if name in ('unit_price', 'price') and 'quantity' in contract.columns -%}
        {#- A quantity of text length would overflow the product. -#}
        {%- set quantity = 'abs(greatest(least(' ~ alias ~ '.quantity, 1000000), -1000000))' -%}
        {%- set amount = 'least(cast(' ~ amount ~ ' as decimal(18, 4)) * cast(' ~ quantity ~ ' as decimal(9, 0)), 1000000000000)' -%}
    {%- endif -%}
    {{ return('case when ' ~ column ~ ' is not null then cast(' ~ amount ~ ' as decimal(28, 4)) end') }}
{%- endmacro %}

{# Whether a column of a table names the parent whose money the record's own is part of. #}
{% macro is_counted_with_parent(contract, column) -%}
    {%- set parent = contract.config.meta.parent -%}
    {%- if not parent or column != parent.column or parent.get('includes_money') is sameas false -%}{{ return(false) }}{%- endif -%}
    {{ return(amount_column(source_contract(contract.source_name, parent.table)) is not none) }}
{%- endmacro %}

{# Which of channel and account the records of a table state, themselves or through their parents. #}
{% macro table_scopes(contract) -%}
    {%- set meta = contract.config.meta -%}
    {%- set scopes = (['channel'] if meta.channel or meta.channel_value else []) + (['account'] if meta.account else []) -%}
    {%- if meta.parent -%}
        {%- do scopes.extend(table_scopes(source_contract(contract.source_name, meta.parent.table))) -%}
    {%- endif -%}
    {{ return(scopes) }}
{%- endmacro %}

{# The tables, as `source.table`, with rules for one channel or account. #}
{% macro scoped_tables() -%}
    {%- set tables = [] -%}
    {%- for row in validation_rule_rows() if row.channel or row.account -%}
        {%- do tables.append(row.source ~ '.' ~ row.table_name) -%}
    {%- endfor -%}
    {{ return(tables | unique | list) }}
{%- endmacro %}
