{# What rules hold a column against, by what the rule rows need: the values of another table, the currencies with a
   rate, or the first record with the same content. Dict by key: name, kind, condition of the join, `misses`. #}
{% macro rule_lists(rules, contract) -%}
    {%- set lists = {} -%}
    {%- for rows in rules -%}
        {%- for row in rows if row.is_active and rule_list_key(row) and rule_list_key(row) not in lists -%}
            {%- set name = 'list_' ~ (lists | length + 1) -%}
            {%- set column = 'versions.' ~ adapter.quote(row.columns[0]) -%}
            {%- set text = 'cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')' -%}
            {%- if row.rule_type == 'repeated' -%}
                {%- set parts = [] -%}
                {%- for item in row.columns -%}
                    {%- do parts.append('versions.' ~ adapter.quote(item) ~ ' = ' ~ name ~ '.' ~ adapter.quote(item)) -%}
                {%- endfor -%}
                {%- do lists.update({rule_list_key(row): {
                    'name': name, 'kind': 'repeated', 'columns': row.columns, 'condition': parts | join(' and '),
                    'misses': 'coalesce(versions.record_key <> ' ~ name ~ '.first_key, false)'
                }}) -%}
            {%- else -%}
                {%- do lists.update({rule_list_key(row): {
                    'name': name,
                    'kind': 'currency' if row.rule_type == 'currency' else 'reference',
                    'column': row.columns[0],
                    'reference': rule_reference(row).split('.'),
                    'condition': ('upper(' ~ text ~ ')' if row.rule_type == 'currency' else text) ~ ' = ' ~ name ~ '.list_value',
                    'misses': '(' ~ column ~ ' is not null and ' ~ name ~ '.list_value is null'
                        ~ (goods_only(contract) if row.rule_type == 'product' else '') ~ ')'
                        if can_be_held_against(row) else 'false'
                }}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(lists) }}
{%- endmacro %}

{# Whether what a rule refers to is there at all: a source that is off, or never delivered, makes nobody an orphan. #}
{% macro can_be_held_against(row) -%}
    {%- if row.rule_type == 'currency' -%}{{ return(true) }}{%- endif -%}
    {%- set names = rule_reference(row).split('.') -%}
    {{ return(
        delivered_columns(source(names[0], names[1]), source_contract(names[0], names[1])) | length > 0
    ) }}
{%- endmacro %}

{# Gift cards, services and adjustments stand in no catalogue. #}
{% macro goods_only(contract) -%}
    {%- set names = contract.columns.values() | map(attribute='name') | list -%}
    {%- set parts = [''] -%}
    {%- if 'gift_card' in names -%}{%- do parts.append('not coalesce(versions.gift_card, false)') -%}{%- endif -%}
    {%- if 'line_type' in names -%}{%- do parts.append("coalesce(versions.line_type, 'product') = 'product'") -%}{%- endif -%}
    {{ return(parts | join(' and ')) }}
{%- endmacro %}

{# The table and column that a reference rule holds against, as source.table.column. #}
{% macro rule_reference(row) -%}
    {{ return(row.reference or ('products.product.sku' if row.rule_type == 'product' else '')) }}
{%- endmacro %}

{% macro rule_list_key(row) -%}
    {%- if row.rule_type in ('reference', 'product', 'currency', 'repeated') -%}
        {{ return(row.rule_type ~ ':' ~ row.column_name ~ ':' ~ rule_reference(row)) }}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}

{# The rows of one list. A record that is itself held back is not there to be referred to. #}
{% macro rule_list_sql(list, contract, relation, present, blocked, rates) -%}
    {%- if list.kind == 'currency' -%}
        select distinct currency as list_value from {{ rates }}
    {%- elif list.kind == 'repeated' -%}
        {#- The first record keeps the content; those after it repeat it. -#}
        select {{ quoted_list(list.columns) }}, min(record_key) as first_key
        from (
            select
                {{ record_key_text(contract, 'known') }} as record_key,
                known.*,
                min(known_at) over (partition by {{ quoted_list(list.columns) }}) as first_known_at
            from ({{ known_versions(relation, contract, present, []) }}) as known
        ) as content
        where known_at = first_known_at
        group by {{ quoted_list(list.columns) }}
    {%- else -%}
        {%- set parent = source_contract(list.reference[0], list.reference[1]) -%}
        {%- set parent_relation = source(list.reference[0], list.reference[1]) -%}
        select distinct cast(usable.{{ adapter.quote(list.reference[2]) }} as {{ dbt.type_string() }}) as list_value
        from (
            {{ usable_versions(
                parent_relation, parent, delivered_columns(parent_relation, parent), [],
                blocked[list.reference[0] ~ '.' ~ list.reference[1]]
            ) }}
        ) as usable
    {%- endif -%}
{%- endmacro %}

{# Referred-to values that were delivered but are dead letters themselves: held back by a rule, or refused at the
   door. A fault against one of those is a consequence of it. #}
{% macro held_records_sql(list, suspects) -%}
    {%- set parent = source_contract(list.reference[0], list.reference[1]) -%}
    {%- set relation = source(list.reference[0], list.reference[1]) -%}
    {%- set text = dbt.type_string() -%}
    select cast(known.{{ adapter.quote(list.reference[2]) }} as {{ text }}) as held_value
    from ({{ known_versions(relation, parent, delivered_columns(relation, parent), []) }}) as known
    where cast(known.{{ adapter.quote(list.reference[2]) }} as {{ text }}) in (
        select cast({{ adapter.quote(list.column) }} as {{ text }}) from {{ suspects }} where {{ list.name }}
    )
    {%- if parent.config.meta.key == [list.reference[2]] %}
    union all
    select trim(record_key) as held_value
    from ({{ rows_or_none('intake', 'rejects') }}) as rejects
    where
        source_name = '{{ list.reference[0] }}'
        and table_name = '{{ list.reference[1] }}'
        and coalesce(state, 'open') = 'open'
        and record_key is not null
    {%- endif -%}
{%- endmacro %}

{# Whether any row of any rule might be broken, whatever the scope: the filter of the one scan. #}
{% macro suspicion(rules, contract, lists) -%}
    {%- set parts = [] -%}
    {%- for rows in rules -%}
        {%- for row in rows if row.is_active -%}
            {%- do parts.append(rule_condition(row, contract, lists, prefilter=true)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(parts | unique(case_sensitive=true) | join('\n        or ')) }}
{%- endmacro %}

{# Whether a row of `scoped` breaks one rule row. In the prefilter the lists are joined relations, later they are columns. #}
{% macro rule_condition(row, contract, lists, prefilter=false) -%}
    {%- set list = lists.get(rule_list_key(row)) -%}
    {%- if list -%}{{ return(list.misses if prefilter else list.name) }}{%- endif -%}
    {%- set parts = [] -%}
    {%- for name in row.columns -%}
        {%- do parts.append(column_condition(row, contract, ('versions' if prefilter else 'scoped'), name)) -%}
    {%- endfor -%}
    {{ return(parts | join(' or ')) }}
{%- endmacro %}

{# Whether one column breaks a rule row that needs nothing but the record. #}
{% macro column_condition(row, contract, alias, name) -%}
    {%- set column = alias ~ '.' ~ adapter.quote(name) -%}
    {%- set parts = [] -%}
    {%- if row.rule_type == 'required' -%}
        {%- do parts.append(column ~ ' is null') -%}
    {%- elif row.rule_type == 'range' -%}
        {%- if row.min_value -%}{%- do parts.append(column ~ ' < ' ~ row.min_value) -%}{%- endif -%}
        {%- if row.max_value -%}{%- do parts.append(column ~ ' > ' ~ row.max_value) -%}{%- endif -%}
    {%- elif row.rule_type == 'date_range' -%}
        {%- if row.min_value -%}
            {%- do parts.append(column ~ " < cast('" ~ row.min_value ~ "' as date)") -%}
        {%- endif -%}
        {%- if row.max_value -%}
            {%- do parts.append(column ~ ' > ' ~ dbt.dateadd('day', row.max_value, alias ~ '.known_at')) -%}
        {%- endif -%}
    {%- elif row.rule_type == 'accepted' -%}
        {%- set values = [] -%}
        {%- for item in row.reference.split('|') -%}{%- do values.append(text_literal(item | trim | lower)) -%}{%- endfor -%}
        {%- do parts.append(
            'lower(cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')) not in (' ~ values | join(', ') ~ ')'
        ) -%}
    {%- endif -%}
    {{ return(parts | join(' or ') or '1 = 0') }}
{%- endmacro %}

{# The column at fault (`what` is name), or what stands in it (value). #}
{% macro broken_column(row, contract, lists, what) -%}
    {%- set branches = [] -%}
    {%- for name in row.columns -%}
        {%- set result = "'" ~ name ~ "'" if what == 'name'
            else 'cast(scoped.' ~ adapter.quote(name) ~ ' as ' ~ dbt.type_string() ~ ')' -%}
        {%- set condition = '1 = 1' if lists.get(rule_list_key(row)) else column_condition(row, contract, 'scoped', name) -%}
        {%- do branches.append('when ' ~ condition ~ ' then ' ~ result) -%}
    {%- endfor -%}
    {{ return('case ' ~ branches | join(' ') ~ ' end') }}
{%- endmacro %}

{# Whether the fault only follows from another record being a dead letter. #}
{% macro consequence(row, lists) -%}
    {%- set list = lists.get(rule_list_key(row)) -%}
    {%- if not list or list.kind != 'reference' -%}{{ return('false') }}{%- endif -%}
    {{ return(
        'cast(scoped.' ~ adapter.quote(list.column) ~ ' as ' ~ dbt.type_string() ~ ') in (select held_value from '
        ~ list.name ~ '_held)'
    ) }}
{%- endmacro %}

{# Whether the record's money is part of what its parent stands for. #}
{% macro is_counted_with_parent(row, contract) -%}
    {%- set parent = contract.config.meta.parent -%}
    {%- if not parent or row.columns != [parent.column] -%}{{ return(false) }}{%- endif -%}
    {%- if parent.get('includes_money') is sameas false -%}{{ return(false) }}{%- endif -%}
    {{ return(amount_column(source_contract(contract.source_name, parent.table)) is not none) }}
{%- endmacro %}
