{# The last version of every record of a source table that was known by the end of as_of_date, one row per key.

   Columns are those of the source's contract: one that the raw table lacks comes as null, one that it has
   beyond the contract is left out. A source that is off, or was never delivered, yields no rows. #}
{% macro latest_version(source_name, table_name) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set contract = graph.sources['source.' ~ project_name ~ '.' ~ source_name ~ '.' ~ table_name] -%}
    {%- set present = [] -%}
    {%- if source_is_on(source_name) -%}
        {%- set found = adapter.get_relation(relation.database, relation.schema, relation.identifier) -%}
        {%- if found is not none -%}
            {%- for column in adapter.get_columns_in_relation(found) %}{% do present.append(column.name) %}{% endfor -%}
        {%- endif -%}
    {%- endif -%}
    {%- set meta = contract.config.meta -%}
    {#- The source's own stamp first; the delivery date of the file where it has none. -#}
    {%- set stamps = [meta.known_at, '_delivered_at'] | select('in', present) | map('string') | list -%}
    {%- set known_at -%}
        {%- if stamps | length == 2 -%}
            coalesce({{ adapter.quote(stamps[0]) }}, {{ adapter.quote(stamps[1]) }})
        {%- elif stamps -%}
            {{ adapter.quote(stamps[0]) }}
        {%- else -%}
            cast(null as {{ dbt.type_timestamp() }})
        {%- endif -%}
    {%- endset -%}
    select
    {%- for column in contract.columns.values() %}
        {{ adapter.quote(column.name) }},
    {%- endfor %}
        known_at
    from (
        select
            versions.*,
            row_number() over (
                partition by {% for name in meta.key %}{{ adapter.quote(name) }}{{ ', ' if not loop.last }}{% endfor %}
                order by known_at desc{{ ', _record_hash' if '_record_hash' in present }}
            ) as version_rank
        from (
            select
            {%- for column in contract.columns.values() %}
                {%- if column.name in present %}
                cast({{ adapter.quote(column.name) }} as {{ column.data_type }}) as {{ adapter.quote(column.name) }},
                {%- else %}
                cast(null as {{ column.data_type }}) as {{ adapter.quote(column.name) }},
                {%- endif %}
            {%- endfor %}
            {%- if '_record_hash' in present %}
                _record_hash,
            {%- endif %}
                {{ known_at }} as known_at
            {%- if present %}
            from {{ relation }}
            {%- else %}
            where 1 = 0
            {%- endif %}
        ) as versions
        where {{ business_date('known_at') }} <= {{ as_of_date() }}
    ) as ranked
    where version_rank = 1
{%- endmacro %}
