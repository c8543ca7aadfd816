-- Grain: one row per source table, and channel and account where its rules tell them apart: record versions looked at.
{%- set scoped = [] %}
{%- for row in validation_rule_rows() if (row.channel or row.account) and row.source ~ '.' ~ row.table_name not in scoped %}
    {%- do scoped.append(row.source ~ '.' ~ row.table_name) %}
{%- endfor %}
with counts as (

    select
        concat(source, '.', table_name) as table_key,
        version_count

    from {{ ref('int_record_counts') }}

),

scoped as (
    {% for key in scoped %}
    {{ scoped_counts(*key.split('.')) }}
    {{ 'union all' if not loop.last }}
    {% else %}
    select * from (select table_key, table_key as channel, table_key as account, version_count as row_count from counts) as none_scoped
    where 1 = 0
    {% endfor %}
),

unioned as (

    select
        table_key,
        channel,
        account,
        row_count

    from scoped

    union all

    select
        table_key,
        cast(null as {{ dbt.type_string() }}) as channel,
        cast(null as {{ dbt.type_string() }}) as account,
        version_count as row_count

    from counts
    where table_key not in ('{{ scoped | join("', '") }}')

)

select * from unioned
