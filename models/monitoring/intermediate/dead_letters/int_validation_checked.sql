-- Grain: one row per source table, by channel and account where its rules distinguish them: record versions checked.
{%- set scoped = scoped_tables() %}
with counts as (

    select
        concat_ws('', source, '.', table_name) as table_key,
        cast(null as {{ dbt.type_string() }}) as channel,
        cast(null as {{ dbt.type_string() }}) as account,
        version_count as row_count

    from {{ ref('int_record_counts') }}
    where not ({{ has_item_of("'" ~ scoped | join('|') ~ "'", "concat_ws('', source, '.', table_name)") }})

),

unioned as (
    {% for key in scoped %}
    {%- set relation = source(*key.split('.')) %}
    {%- set contract = source_contract(*key.split('.')) %}
    {%- set parent = contract.config.meta.parent %}
    select
        '{{ key }}' as table_key,
        lower(channel) as channel,
        lower(account) as account,
        count(*) as row_count
    from (
        select {{ scopes_of(contract, 'known') }}
        from (
            {{ known_versions(relation, contract, delivered_columns(relation, contract), [], scope_columns(contract)) }}
        ) as known
        {% if parent %}
        left join (
            {{ record_scopes(source_contract(contract.source_name, parent.table)) }}
        ) as parents
            on {{ parent_key(contract, 'known') }} = parents.record_key
        {% endif %}
    ) as scopes
    group by lower(channel), lower(account)

    union all
    {% endfor %}
    select * from counts

)

select * from unioned
