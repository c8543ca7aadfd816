{# Whether a value that is present is plausible, as a condition. #}
{% macro source_map_validity_sql(validity, column) -%}
    {%- set text_forms = {
        'country_code': '^[A-Z][A-Z]$', 'language_code': '^[a-z][a-z]$', 'has_digit': '[0-9]',
        'phone': '^[+][1-9][0-9]{6,14}$', 'email': '^[^@ ]+@[^@ ]+[.][^@ .]+$'
    } -%}
    {%- set ranges = {'not_negative': '>= 0', 'score_0_10': 'between 0 and 10', 'score_1_5': 'between 1 and 5'} -%}
    {%- if validity in ranges -%}
        {{ return(column ~ ' ' ~ ranges[validity]) }}
    {%- elif validity == 'adult_age' -%}
        {{ return(age_in_years(column) ~ ' between 16 and 110') }}
    {%- endif -%}
    {%- set conditions = [regexp_keep(column, text_forms[validity]) ~ " <> ''"] -%}
    {%- for pattern in blocked_patterns(validity) -%}
        {%- do conditions.append('regexp_extract(' ~ column ~ ', ' ~ text_literal(pattern) ~ ", 0) = ''") -%}
    {%- endfor -%}
    {{ return(conditions | join(' and ')) }}
{%- endmacro %}

{# Patterns of placeholder values of an identifier, which identify no one, from the seed; none before it is loaded. #}
{% macro blocked_patterns(identifier_type) -%}
    {%- set seed = ref('blocked_identifiers') -%}
    {%- if not execute or not seed.schema or not load_relation(seed) -%}{{ return([]) }}{%- endif -%}
    {%- set memory = run_memory('blocked_patterns') -%}
    {%- if identifier_type not in memory -%}
        {%- set found = run_query(
            "select pattern from " ~ seed ~ " where identifier_type = " ~ text_literal(identifier_type) ~ " order by 1"
        ) -%}
        {%- do memory.update({identifier_type: found.columns[0].values() | list}) -%}
    {%- endif -%}
    {{ return(memory[identifier_type]) }}
{%- endmacro %}

{# The rows of a relation that a row of the map covers. #}
{% macro source_map_filter_sql(row) -%}
    {%- if not row.filter_column -%}{{ return('1 = 1') }}{%- endif -%}
    {%- set column = adapter.quote(row.filter_column) -%}
    {{ return(column ~ ' = ' ~ text_literal(row.filter_value) if row.filter_value else column ~ ' is null') }}
{%- endmacro %}

{# The cells that identify the results of a row of the map, as columns of a select list. #}
{% macro source_map_key_sql(row) -%}
    {%- set cells = [] -%}
    {%- for name in ['field', 'source', 'relation', 'column_name', 'filter_value', 'profile_system'] -%}
        {%- do cells.append(text_literal(row[name]) ~ ' as ' ~ name) -%}
    {%- endfor -%}
    {{ return(cells | join(', ')) }}
{%- endmacro %}
