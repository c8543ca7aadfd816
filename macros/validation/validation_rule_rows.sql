{# The validation rules, one dict per row, as the seed holds them. The only way by which rules reach a model: empty
   before the seed is loaded, and replaced by a literal list in unit tests. #}
{% macro validation_rule_rows() -%}
    {%- set rules = ref('validation_rules') -%}
    {%- if not execute or not rules.schema or not load_relation(rules) -%}{{ return([]) }}{%- endif -%}
    {%- set columns = [
        'rule_key', 'source', 'table_name', 'rule_type', 'column_name', 'min_value', 'max_value', 'reference', 'channel',
        'account', 'severity', 'is_active', 'reason', 'repair_hint'
    ] -%}
    {%- set found = run_query("select " ~ columns | join(', ') ~ " from " ~ rules ~ " order by 1, 9, 10") -%}
    {%- set rows = [] -%}
    {%- for line in found.rows -%}
        {%- do rows.append(dict(zip(columns, line))) -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{# One rule row in its plain form: text without outer blanks, key words in lower case, columns and scope as they are
   compared. #}
{% macro validation_rule_cells(row) -%}
    {%- set cells = {} -%}
    {%- for name in [
        'rule_key', 'source', 'table_name', 'rule_type', 'column_name', 'min_value', 'max_value', 'reference', 'channel',
        'account', 'severity', 'is_active', 'reason', 'repair_hint'
    ] -%}
        {%- set cell = row.get(name) -%}
        {%- do cells.update({name: '' if cell is none else cell | string | trim}) -%}
    {%- endfor -%}
    {%- for name in ['source', 'table_name', 'rule_type', 'column_name', 'channel', 'account', 'severity'] -%}
        {%- do cells.update({name: cells[name] | lower}) -%}
    {%- endfor -%}
    {%- set columns = [] -%}
    {%- for name in cells.column_name.split('|') if name | trim -%}{%- do columns.append(name | trim) -%}{%- endfor -%}
    {%- do cells.update({
        'is_active': (cells.is_active | lower) in ('', 'true'),
        'columns': columns,
        'specificity': (2 if cells.account else 0) + (1 if cells.channel else 0)
    }) -%}
    {{ return(cells) }}
{%- endmacro %}

{# The rules of one table (its own, or the arithmetic of its orders), one list of rows per rule key. A row that is not
   active judges nothing but keeps its scope, so that a rule can be switched off for one channel. #}
{% macro validation_rules_of(rows, source_name, table_name, is_arithmetic=false) -%}
    {%- set rules = {} -%}
    {%- for row in rows -%}
        {%- set cells = validation_rule_cells(row) -%}
        {%- if cells.source == source_name and cells.table_name == table_name
            and (cells.rule_type == 'arithmetic') == is_arithmetic -%}
            {%- do rules.setdefault(cells.rule_key, []).append(cells) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set kept = [] -%}
    {%- for key, cells in rules | dictsort if cells | selectattr('is_active') | list -%}
        {%- do kept.append(cells) -%}
    {%- endfor -%}
    {{ return(kept) }}
{%- endmacro %}

{# Whether a judged row falls under this row of its rule: in its scope, and under no more specific one. #}
{% macro rule_scope_condition(row, rows) -%}
    {%- set parts = [scope_match(row)] -%}
    {%- for other in rows if other.specificity > row.specificity -%}
        {%- do parts.append('not ' ~ scope_match(other)) -%}
    {%- endfor -%}
    {{ return(parts | join(' and ')) }}
{%- endmacro %}

{% macro scope_match(row) -%}
    {%- set parts = [] -%}
    {%- for name in ['channel', 'account'] if row[name] -%}
        {%- do parts.append("coalesce(lower(scope_" ~ name ~ "), '') = " ~ text_literal(row[name])) -%}
    {%- endfor -%}
    {{ return('(' ~ (parts | join(' and ') or '1 = 1') ~ ')') }}
{%- endmacro %}
