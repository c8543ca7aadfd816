{# The validation rules in plain form, one dict per row; empty before they are built. The only way for rules to reach
   the SQL of a model: replaced by a literal list in tests. Stops the model where the rules have errors. #}
{% macro validation_rule_rows() -%}
    {%- set rules = ref('int_validation_rules') -%}
    {%- do stop_on_rule_errors(
        ref('int_validation_rule_errors'),
        'the validation rules have {count} error(s); nothing is validated until they are fixed'
    ) -%}
    {%- if not execute or not rules.schema or not load_relation(rules) -%}{{ return([]) }}{%- endif -%}
    {%- set columns = [
        'rule_key', 'source', 'table_name', 'rule_type', 'column_name', 'min_value', 'max_value', 'reference', 'channel',
        'account', 'severity', 'is_active', 'checked_columns', 'held_against'
    ] -%}
    {#- Every staging model with rules asks for them: one query a run. -#}
    {%- set memory = run_memory('validation_rule_rows') -%}
    {%- set query = 'select ' ~ columns | join(', ') ~ ' from ' ~ rules ~ ' order by rule_key, channel, account' -%}
    {%- if query not in memory -%}{%- do memory.update({query: run_query(query).rows}) -%}{%- endif -%}
    {%- set rows = [] -%}
    {%- for line in memory[query] -%}
        {%- set row = dict(zip(columns, line)) -%}
        {%- do rows.append(dict(row, columns=row.checked_columns.split('|'), is_active=row.is_active in ('', 'true'))) -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}
