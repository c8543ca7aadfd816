{# The units of the golden record: each row of survivorship_rules, and the fields of the source map that it takes from
   one record, so that no customer gets a first and a last name, or a street and a city, from different records. #}
{% macro golden_units() -%}
    {{ return({
        'name': ['first_name', 'last_name'],
        'birth_date': ['birth_date'],
        'gender': ['gender'],
        'language': ['language'],
        'address': ['street', 'postcode', 'city', 'region', 'country'],
        'household': ['household'],
        'customer_number': ['customer_number'],
        'loyalty_number': ['loyalty_number'],
        'email': ['email'],
        'phone': ['phone']
    }) }}
{%- endmacro %}

{# All fields of the golden record. #}
{% macro golden_fields() -%}
    {{ return(golden_units().values() | sum(start=[])) }}
{%- endmacro %}

{# The seed, one dict per row, cells as trimmed text. Empty before it is loaded; unit tests override it. #}
{% macro survivorship_rule_rows() -%}
    {{ return(seed_rows(ref('survivorship_rules'), ['field', 'rule', 'then_by', 'accuracy_weight'])) }}
{%- endmacro %}

{# Rows of a seed as dicts of trimmed text, sorted; none before it is loaded. #}
{% macro seed_rows(seed, names) -%}
    {%- if not execute or not seed.schema or not load_relation(seed) -%}{{ return([]) }}{%- endif -%}
    {#- Many models read the same seed, which is loaded before them: one query a run. -#}
    {%- set memory = run_memory('seed_rows') -%}
    {%- set query = 'select ' ~ names | join(', ') ~ ' from ' ~ seed ~ ' order by ' ~ names | join(', ') -%}
    {%- if query not in memory -%}{%- do memory.update({query: run_query(query).rows}) -%}{%- endif -%}
    {%- set rows = [] -%}
    {%- for line in memory[query] -%}
        {%- set row = {} -%}
        {%- for name in names -%}
            {%- do row.update({name: '' if line[name] is none else line[name] | string | trim}) -%}
        {%- endfor -%}
        {%- do rows.append(row) -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}
