-- Grain: one row per column of a source table: its type, and which rules may apply to its table.
-- noqa: disable=LT02
{%- set columns = [] %}
{%- for table in (delivered_tables() if execute else []) %}
    {%- set key = table.source_name ~ '.' ~ table.name %}
    {%- set scopes = table_scopes(table) %}
    {%- set reads = staged_tables().get(key, {}).get('reads') %}
    {%- set flags = [reads is not none, 'channel' in scopes, 'account' in scopes] | join(', ') | lower %}
    {%- set rest = flags ~ ", '|" ~ (reads or []) | join('|') ~ "|'" %}
    {%- set of_table = [] %}
    {%- for column in table.columns.values() %}
        {%- do of_table.append("('" ~ key ~ "', '" ~ column.name ~ "', '" ~ column.data_type ~ "', " ~ rest ~ ")") %}
    {%- endfor %}
    {%- do columns.append(of_table | join(', ')) %}
{%- endfor %}
-- noqa: enable=LT02
with contract_columns as (

    select contracts.*
    from (
        values
        {{ columns | join(',\n        ') or "('', '', '', false, false, false, '')" }}
    ) as contracts (table_key, column_name, data_type, is_validated, has_channel, has_account, readable_tables)

)

select * from contract_columns
