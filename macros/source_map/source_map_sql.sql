{# The tests of a value that the map may name. #}
{% macro source_map_validities() -%}
    {{ return([
        'adult_age', 'country_code', 'email', 'has_digit', 'language_code', 'not_negative', 'phone', 'score_0_10',
        'score_1_5'
    ]) }}
{%- endmacro %}

{# Whether a value that is there is a plausible one, as a condition. #}
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

{# Patterns of values of an identifier that stand for nobody, from the seed; none before it is loaded. #}
{% macro blocked_patterns(identifier_type) -%}
    {%- set seed = ref('blocked_identifiers') -%}
    {%- if not execute or not seed.schema or not load_relation(seed) -%}{{ return([]) }}{%- endif -%}
    {%- set found = run_query(
        "select pattern from " ~ seed ~ " where identifier_type = " ~ text_literal(identifier_type) ~ " order by 1"
    ) -%}
    {{ return(found.columns[0].values() | list) }}
{%- endmacro %}

{# The rows of a relation that a row of the map speaks of. #}
{% macro source_map_filter_sql(row) -%}
    {%- if not row.filter_column -%}{{ return('1 = 1') }}{%- endif -%}
    {%- set column = adapter.quote(row.filter_column) -%}
    {{ return(column ~ ' = ' ~ text_literal(row.filter_value) if row.filter_value else column ~ ' is null') }}
{%- endmacro %}

{# The cells by which results of a row of the map are found again, as columns of a select list. #}
{% macro source_map_key_sql(row) -%}
    {%- set cells = [] -%}
    {%- for name in ['field', 'source', 'relation', 'column_name', 'filter_value', 'profile_system'] -%}
        {%- do cells.append(text_literal(row[name]) ~ ' as ' ~ name) -%}
    {%- endfor -%}
    {{ return(cells | join(', ')) }}
{%- endmacro %}

{# One row per row of the map whose source is on: how many records its relation has, in how many the column is filled,
   in how many of these plausibly, and when the newest became known. #}
{% macro source_map_measures() -%}
    {#- Before dbt runs anything it learns here what the model depends on. -#}
    {%- set rows = source_map() -%}
    {%- do blocked_patterns('email') -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set selects = [] -%}
    {%- for row in rows if row.is_on -%}
        {%- set column = adapter.quote(row.column_name) -%}
        {%- set valid = 'null' if not row.validity else (
            'count(*) filter (where ' ~ column ~ ' is not null and ' ~ source_map_validity_sql(row.validity, column) ~ ')'
        ) -%}
        {%- do selects.append(
            'select ' ~ source_map_key_sql(row) ~ ', count(*) as row_count, count(' ~ column ~ ') as filled_count,'
            ~ ' cast(' ~ valid ~ ' as bigint) as valid_count, max(known_at) as last_known_at from ' ~ row.table
            ~ ' where ' ~ source_map_filter_sql(row)
        ) -%}
    {%- endfor -%}
    {%- do selects.append(source_map_no_rows({
        'row_count': 'bigint', 'filled_count': 'bigint', 'valid_count': 'bigint', 'last_known_at': dbt.type_timestamp()
    })) -%}
    {{ return(selects | join('\n    union all\n    ')) }}
{%- endmacro %}

{# One row per row of the map that can be held against the one source of truth of its field, and person (or product, or
   whatever the key column names): the newest value, in small letters, and when anything was stated last. Values of
   persons: for a step within a model, never to be stored. #}
{% macro source_map_values(identities) -%}
    {%- set rows = source_map() -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set truths = {} -%}
    {%- for row in rows if row.precedence == '1' and row.key_column -%}
        {%- do truths.update({row.field: truths.get(row.field, 0) + 1}) -%}
    {%- endfor -%}
    {%- set selects = [] -%}
    {%- for row in rows if row.is_on and row.key_column and truths.get(row.field) == 1 -%}
        {%- set value = 'lower(trim(cast(stated.' ~ adapter.quote(row.column_name) ~ ' as ' ~ dbt.type_string() ~ ')))' -%}
        {%- set key = 'cast(stated.' ~ adapter.quote(row.key_column) ~ ' as ' ~ dbt.type_string() ~ ')' -%}
        {%- set entity = 'identities.customer_id' if row.profile_system else key -%}
        {%- do selects.append(
            'select ' ~ source_map_key_sql(row) ~ ', ' ~ ('true' if row.precedence == '1' else 'false') ~ ' as is_truth, '
            ~ entity ~ ' as entity, max_by(' ~ value ~ ', concat(cast(known_at as ' ~ dbt.type_string() ~ "), '|', "
            ~ value ~ ')) as newest_value, max(' ~ stated_at(row.relation, 'stated') ~ ') as newest_stated_at from (select * from ' ~ row.table ~ ' where ' ~ source_map_filter_sql(row)
            ~ ') as stated'
            ~ (' inner join ' ~ identities ~ ' as identities on identities.source_system = '
               ~ text_literal(row.profile_system) ~ ' and identities.source_profile_id = ' ~ key if row.profile_system else '')
            ~ ' where stated.' ~ adapter.quote(row.column_name) ~ ' is not null group by ' ~ entity
        ) -%}
    {%- endfor -%}
    {%- do selects.append(source_map_no_rows({
        'is_truth': 'boolean', 'entity': dbt.type_string(), 'newest_value': dbt.type_string(),
        'newest_stated_at': dbt.type_timestamp()
    })) -%}
    {{ return(selects | join('\n    union all\n    ')) }}
{%- endmacro %}

{# A select without rows in the shape of the others, so that an empty map gives an empty model. #}
{% macro source_map_no_rows(columns) -%}
    {%- set types = {} -%}
    {%- for name in ['field', 'source', 'relation', 'column_name', 'filter_value', 'profile_system'] -%}
        {%- do types.update({name: dbt.type_string()}) -%}
    {%- endfor -%}
    {%- do types.update(columns) -%}
    {{ return(literal_rows(types, [])) }}
{%- endmacro %}
