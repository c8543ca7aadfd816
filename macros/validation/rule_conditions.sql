{# One table as its rules see it: contract, relation, columns that it has (`present`), its rules (one list of rows per
   rule, only rules with an active row), and the columns that they need. #}
{% macro ruled_table(source_name, table_name, rule_rows) -%}
    {%- set contract = source_contract(source_name, table_name) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- set present = delivered_columns(relation, contract) -%}
    {%- set by_key = {} -%}
    {%- for row in rule_rows if row.source == source_name and row.table_name == table_name and row.rule_type != 'arithmetic' -%}
        {%- do by_key.setdefault(row.rule_key, []).append(row) -%}
    {%- endfor -%}
    {%- set rules = [] -%}
    {%- set needed = scope_columns(contract) + [amount_column(contract), 'quantity', 'gift_card', 'line_type'] -%}
    {%- for key, rows in by_key | dictsort if rows | selectattr('is_active') | list -%}
        {%- do rules.append(rows) -%}
        {%- for row in rows -%}{%- do needed.extend(row.columns) -%}{%- endfor -%}
    {%- endfor -%}
    {%- set all_names = contract.columns.values() | map(attribute='name') | list -%}
    {#- Without the load's hash, a version is identified by all its columns. -#}
    {%- set names = all_names | select('in', needed) | list if '_record_hash' in present else all_names -%}
    {{ return({
        'contract': contract, 'relation': relation, 'present': present, 'rules': rules, 'names': names, 'checks': {}
    }) }}
{%- endmacro %}

{# Adds what the rules of a table check to its `checks`, by column and what it is checked against; and the lists that
   need other records to `lists`, which the tables of one model share. A check's `misses` is the condition under which a
   version fails it; checks without one need nothing but the column. #}
{% macro add_rule_lists(table, lists, blocked, rates) -%}
    {%- set parent = table.contract.config.meta.parent -%}
    {%- for row in table.rules | sum(start=[]) -%}
        {%- set held_against = row.held_against -%}
        {%- for column in (row.columns[:1] if row.rule_type == 'repeated' else row.columns) -%}
            {%- set key = column ~ ' ' ~ held_against -%}
            {%- if key not in table.checks -%}
                {%- set alias = 'list_' ~ (table.checks | length + 1) -%}
                {%- set list = rule_list(row, table, lists, blocked, rates) -%}
                {%- set text = 'cast(versions.' ~ adapter.quote(column) ~ ' as ' ~ dbt.type_string() ~ ')' -%}
                {%- set check = {
                    'column': column, 'held_against': held_against, 'alias': alias, 'kind': list.kind,
                    'is_parent_key': is_counted_with_parent(table.contract, column)
                } -%}
                {%- if row.rule_type == 'accepted' -%}
                    {%- set values = [] -%}
                    {%- for item in row.reference.split('|') -%}{%- do values.append(text_literal(item | trim)) -%}{%- endfor -%}
                    {%- do check.update({'misses': 'lower(' ~ text ~ ') not in (' ~ values | join(', ') ~ ')'}) -%}
                {%- elif list.kind == 'repeated' -%}
                    {%- set same = [] -%}
                    {%- for name in row.columns -%}
                        {%- do same.append('versions.' ~ adapter.quote(name) ~ ' = ' ~ alias ~ '.' ~ adapter.quote(name)) -%}
                    {%- endfor -%}
                    {%- do check.update({
                        'join': list.name ~ ' as ' ~ alias ~ ' on ' ~ same | join(' and '),
                        'misses': 'coalesce(' ~ record_key_text(table.contract, 'versions') ~ ' <> ' ~ alias ~ '.first_key, false)'
                    }) -%}
                {%- elif list.kind -%}
                    {%- do check.update({
                        'join': list.name ~ ' as ' ~ alias ~ ' on '
                            ~ ('upper(' ~ text ~ ')' if list.kind == 'currency' else text) ~ ' = ' ~ alias ~ '.list_value',
                        'misses': '(versions.' ~ adapter.quote(column) ~ ' is not null and coalesce(' ~ alias ~ '.is_usable, 0) = 0'
                            ~ (goods_only(table.contract) if row.rule_type == 'product' else '') ~ ')'
                    }) -%}
                {%- endif -%}
                {%- do table.checks.update({key: check}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{# The list that a rule row needs: name, kind and SQL; without a kind where it needs none, or where the table that it
   refers to is missing altogether: a source that is off, or never delivered, makes no record an orphan. Without any
   catalogue no product is missing in it; build_notes says so once. #}
{% macro rule_list(row, table, lists, blocked, rates) -%}
    {%- set kind = {'reference': 'reference', 'product': 'reference', 'currency': 'currency', 'repeated': 'repeated'}.get(row.rule_type) -%}
    {%- set target = row.held_against.split(':')[1] -%}
    {%- set key = kind ~ ':' ~ (table.contract.name ~ ':' if kind == 'repeated' else '') ~ target -%}
    {%- if kind and key not in lists -%}
        {%- set names = target.split('.') -%}
        {%- if kind == 'currency' -%}
            {%- set sql = 'select distinct currency as list_value, 1 as is_usable from ' ~ rates -%}
        {%- elif kind == 'repeated' -%}
            {%- set sql = first_of_repeated(table, row.columns) -%}
        {%- elif delivered_columns(source(names[0], names[1]), source_contract(names[0], names[1]))
            and (row.rule_type != 'product' or has_rows(names[0], names[1])) -%}
            {%- set sql = reference_values(names, blocked[names[0] ~ '.' ~ names[1]]) -%}
        {%- else -%}
            {{ return({'kind': none}) }}
        {%- endif -%}
        {%- do lists.update({key: {'name': kind ~ '_' ~ (lists | length + 1), 'kind': kind, 'sql': sql}}) -%}
    {%- endif -%}
    {{ return(lists.get(key, {'kind': none})) }}
{%- endmacro %}

{# Every value that a reference may have: those of the records that were delivered, and of those refused at intake;
   `is_usable` is 1 where a version that no rule holds back has it. A record held back cannot be referred to. #}
{% macro reference_values(names, blocked) -%}
    {%- set contract = source_contract(names[0], names[1]) -%}
    {%- set relation = source(names[0], names[1]) -%}
    {%- set present = delivered_columns(relation, contract) -%}
    {%- set value = 'cast(known.' ~ adapter.quote(names[2]) ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {%- set columns = [names[2]] + contract.config.meta.key if '_record_hash' in present or blocked is none else none -%}
        select list_value, max(is_usable) as is_usable
        from (
            select {{ value }} as list_value, {{ 'case when ' ~ is_usable_version() ~ ' then 1 else 0 end' if blocked is not none else 1 }} as is_usable
            from ({{ known_versions(relation, contract, present, ['_record_hash'], columns) }}) as known
            {{- join_blocked(contract, present, blocked) if blocked is not none }}
            {%- if contract.config.meta.key == [names[2]] %}
            union all
            select trim(record_key) as list_value, 0 as is_usable
            from ({{ rows_or_none('intake', 'rejects', ['source_name', 'table_name', 'record_key', 'state']) }}) as rejects
            where
                source_name = '{{ names[0] }}' and table_name = '{{ names[1] }}'
                and coalesce(state, 'open') = 'open' and record_key is not null
            {%- endif %}
        ) as found
        group by list_value
{%- endmacro %}

{# The first record with each combination of values in some columns. It keeps them; later records repeat them. #}
{% macro first_of_repeated(table, columns) -%}
        select
            {{ quoted_list(columns) }},
            min(record_key) as first_key
        from (
            select
                {{ record_key_text(table.contract, 'known') }} as record_key,
                known.*,
                min(known_at) over (partition by {{ quoted_list(columns) }}) as first_known_at
            from ({{ known_versions(table.relation, table.contract, table.present, [], (table.contract.config.meta.key + columns) | unique | list) }}) as known
        ) as content
        where known_at = first_known_at
        group by {{ quoted_list(columns) }}
{%- endmacro %}

{# Gift cards, services, adjustments and discounts are in no catalogue. #}
{% macro goods_only(contract) -%}
    {%- set parts = [''] -%}
    {%- if 'gift_card' in contract.columns -%}{%- do parts.append('not coalesce(versions.gift_card, false)') -%}{%- endif -%}
    {%- if 'line_type' in contract.columns -%}{%- do parts.append("coalesce(lower(versions.line_type), 'product') = 'product' and coalesce(versions.unit_price, 0) >= 0") -%}{%- endif -%}
    {{ return(parts | join(' and ')) }}
{%- endmacro %}

{# Whether a checked column breaks a rule row. #}
{% macro breaks_rule() -%}
    {%- set number = 'cast(measured as decimal(38, 10))' -%}
    {%- set instant = 'cast(measured as ' ~ dbt.type_timestamp() ~ ')' -%}
    {%- set latest = dbt.dateadd('day', whole_number('max_value'), 'known_at') | trim -%}
    case rule_type
                when 'required' then measured is null
                when 'range'
                    then {{ number }} < cast(nullif(min_value, '') as decimal(38, 10))
                        or {{ number }} > cast(nullif(max_value, '') as decimal(38, 10))
                when 'date_range'
                    then {{ instant }} < cast(nullif(min_value, '') as {{ dbt.type_timestamp() }})
                        or {{ instant }} > {{ latest }}
                else is_missing
            end
{%- endmacro %}

{# Whether a version breaks any row of any rule of its table, whatever the scope: the filter of the one scan. #}
{% macro suspicion(table) -%}
    {%- set by_rule = [] -%}
    {%- for rows in table.rules -%}
        {%- set parts = [] -%}
        {%- for row in rows if row.is_active -%}
            {%- for name in row.columns -%}
                {%- set misses = table.checks.get(name ~ ' ' ~ row.held_against, {}).misses -%}
                {%- set column = 'versions.' ~ adapter.quote(name) -%}
                {%- if misses -%}
                    {%- do parts.append(misses) -%}
                {%- elif row.rule_type == 'required' -%}
                    {%- do parts.append(column ~ ' is null') -%}
                {%- elif row.rule_type == 'range' -%}
                    {%- if row.min_value -%}{%- do parts.append(column ~ ' < ' ~ row.min_value) -%}{%- endif -%}
                    {%- if row.max_value -%}{%- do parts.append(column ~ ' > ' ~ row.max_value) -%}{%- endif -%}
                {%- elif row.rule_type == 'date_range' -%}
                    {%- if row.min_value -%}{%- do parts.append(column ~ " < cast('" ~ row.min_value ~ "' as date)") -%}{%- endif -%}
                    {%- if row.max_value -%}
                        {%- do parts.append(column ~ ' > ' ~ dbt.dateadd('day', row.max_value, 'versions.known_at') | trim) -%}
                    {%- endif -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- if parts -%}{%- do by_rule.append(parts | unique(case_sensitive=true) | join(' or ')) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(by_rule | join('\n            or ') or '1 = 0') }}
{%- endmacro %}
