-- Grain: one row per source table that was delivered: record versions known by the end of as_of_date, records, and
-- those of them that their source deleted.
{%- set types = {
    'source': dbt.type_string(), 'table_name': dbt.type_string(), 'version_count': 'bigint', 'record_count': 'bigint',
    'deleted_record_count': 'bigint'
} %}
{%- set selects = [literal_rows(types, [])] %}
{%- for key in staged_tables() %}
{%- set source_name, table_name = key.split('.') %}
{%- set relation = source(source_name, table_name) %}
{%- set contract = source_contract(source_name, table_name) if execute else {} %}
{%- set present = delivered_columns(relation, contract) if execute else [] %}
{%- set blocked = blocked_versions(source_name, table_name) %}
{%- if present %}
{%- set record_key = contract.config.meta.key %}
{%- set deleted_count = deleted_records(relation, contract, present, blocked) %}
{%- set versions = known_versions(relation, contract, present, [], record_key) %}
{#- On two lines, so that what is compiled stays short: there are as many of these as tables. #}
{%- set counted %}
    select '{{ source_name }}' as source, '{{ table_name }}' as table_name, sum(versions) as version_count, count(*) as record_count,
    {{ deleted_count }} as deleted_record_count
    from (select count(*) as versions from ({{ versions }}) as known group by {{ quoted_list(record_key) }}) as found -- noqa: LT05,LT14
{%- endset %}
{%- do selects.append(counted) %}
{%- endif %}
{%- endfor %}
with counts as (
    {{ union_all(selects) }}

),

final as (

    select
        source,
        table_name,
        cast(coalesce(version_count, 0) as bigint) as version_count,
        record_count,
        cast(coalesce(deleted_record_count, 0) as bigint) as deleted_record_count

    from counts

)

select * from final
