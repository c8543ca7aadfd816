{# Key of the parent that a record's contract names, as text. #}
{% macro parent_key(contract, alias) -%}
    {{ return('cast(' ~ alias ~ '.' ~ adapter.quote(contract.config.meta.parent.column) ~ ' as ' ~ dbt.type_string() ~ ')') }}
{%- endmacro %}

{# scope_channel, scope_account and scope_currency of a record: its own, else those of its parent (`parent_alias`). #}
{% macro scope_columns(contract, alias, parent_alias) -%}
    {%- set meta = contract.config.meta -%}
    {%- set string = dbt.type_string() -%}
    {%- set names = contract.columns.values() | map(attribute='name') | list -%}
    {%- set currencies = ['currency', 'unit_cost_currency_code'] -%}
    {%- set own = {
        'channel': [meta.channel] if meta.channel else [],
        'account': [meta.account] if meta.account else [],
        'currency': currencies | select('in', names) | list
    } -%}
    {%- for scope in ['channel', 'account', 'currency'] %}
    {%- set parts = [] -%}
    {%- for name in own[scope] -%}
        {%- do parts.append(('upper(' if scope == 'currency' else '(') ~ alias ~ '.' ~ adapter.quote(name) ~ ')') -%}
    {%- endfor -%}
    {%- if scope == 'channel' and meta.channel_value -%}{%- do parts.append(text_literal(meta.channel_value)) -%}{%- endif -%}
    {%- if meta.parent -%}{%- do parts.append(parent_alias ~ '.scope_' ~ scope) -%}{%- endif %}
        cast({{ 'coalesce(' ~ parts | join(', ') ~ ')' if parts | length > 1 else parts | first | default('null', true) }} as {{ string }})
            as scope_{{ scope }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# One row per wanted parent record, whatever becomes of it: its key and scope, of its newest version. `wanted` is a
   select that yields the keys. #}
{% macro record_scopes(contract, wanted) -%}
    {%- set parent = source_contract(contract.source_name, contract.config.meta.parent.table) -%}
    {%- set relation = source(parent.source_name, parent.name) -%}
    {%- set present = delivered_columns(relation, parent) -%}
    {%- set known -%}
        select {{ record_key_text(parent, 'typed') }} as record_key, typed.*
        from ({{ known_versions(relation, parent, present, []) }}) as typed
        where {{ record_key_text(parent, 'typed') }} in ({{ wanted }})
    {%- endset -%}
    {#- Of two versions with one stamp the scope that sorts last, so that the order of rows says nothing. -#}
    select
        record_key
        {%- for scope in ['scope_channel', 'scope_account', 'scope_currency'] %},
        max_by({{ scope }}, concat(cast(known_at as {{ dbt.type_string() }}), '|', {{ scope }})) as {{ scope }}
        {%- endfor %}
    from (
        select
            known.record_key,
            known.known_at,
            {{ scope_columns(parent, 'known', 'grandparent') }}
        from ({{ known }}) as known
        {%- if parent.config.meta.parent %}
        left join (
            {{ record_scopes(parent, 'select ' ~ parent_key(parent, 'keys') ~ ' from (' ~ known ~ ') as keys') }}
        ) as grandparent
            on {{ parent_key(parent, 'known') }} = grandparent.record_key
        {%- endif %}
    ) as scopes
    group by record_key
{%- endmacro %}

{# Column that says how much money a record stands for: the first of these names that its table has. As AMOUNTS of
   scripts/platform/contracts.py; a test holds the two together. #}
{% macro amount_column(contract) -%}
    {%- set names = contract.columns.values() | map(attribute='name') | list -%}
    {{ return([
        'total_price', 'total_amount', 'total', 'amount', 'refund_amount', 'subtotal', 'spend_amount', 'cost_amount',
        'item_price', 'unit_price', 'price'
    ] | select('in', names) | first or none) }}
{%- endmacro %}

{# The money that a record stands for, in its own currency; an absurd figure is cut off at a trillion. #}
{% macro record_amount(contract, alias) -%}
    {%- set name = amount_column(contract) -%}
    {%- if not name -%}{{ return('cast(null as decimal(28, 4))') }}{%- endif -%}
    {#- greatest and least skip nulls, so a missing amount is kept apart. -#}
    {%- set column = alias ~ '.' ~ adapter.quote(name) -%}
    {%- set amount = 'least(abs(cast(' ~ column ~ ' as decimal(18, 4))), 1000000000000)' -%}
    {%- if name in ('unit_price', 'price') and 'quantity' in contract.columns.values() | map(attribute='name') | list -%}
        {#- A quantity of text length would overflow the product. -#}
        {%- set quantity = 'abs(greatest(least(' ~ alias ~ '.quantity, 1000000), -1000000))' -%}
        {%- set amount = 'least(cast(' ~ amount ~ ' as decimal(18, 4)) * cast(' ~ quantity ~ ' as decimal(9, 0)), 1000000000000)' -%}
    {%- endif -%}
    {{ return('case when ' ~ column ~ ' is not null then cast(' ~ amount ~ ' as decimal(28, 4)) end') }}
{%- endmacro %}
