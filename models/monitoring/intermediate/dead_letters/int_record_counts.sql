-- Grain: one row per source table that was delivered: record versions known by the end of as_of_date, and records.
{%- set counts = [] %}
{%- for key in staged_tables() %}
    {%- set relation = source(*key.split('.')) %}
    {%- if execute and delivered_columns(relation, source_contract(*key.split('.'))) %}
        {%- do counts.append(version_and_record_count(*key.split('.'))) %}
    {%- endif %}
{%- endfor %}
{%- do counts.append(literal_rows({
    'source': dbt.type_string(), 'table_name': dbt.type_string(), 'version_count': 'bigint', 'record_count': 'bigint'
}, [])) %}
{{ counts | join('\nunion all\n') }}
