{# What the registry knew before this run by the end of as_of_date: one row per profile that was ever known, hashed, with
   the customer it belongs to and since when it is known. Empty on the first day. The only way by which the registry
   reaches a model, so that unit tests can replace it. #}
{% macro identity_registry_rows() -%}
    {%- set registry = identity_registry_relation() -%}
    {%- if registry is none -%}
        select
            cast(null as {{ dbt.type_string() }}) as profile_id,
            cast(null as {{ dbt.type_string() }}) as customer_id,
            cast(null as {{ dbt.type_timestamp() }}) as first_known_at
        where 1 = 0
    {%- else -%}
        {%- do stop_on_other_hash_key(registry) %}
        select
            profile_id,
            customer_id,
            first_known_at
        from (
            select
                profile_id,
                customer_id,
                min(first_known_at) over (partition by profile_id) as first_known_at,
                row_number() over (partition by profile_id order by run_number desc) as recency_rank
            from {{ registry }}
            where assigned_date <= {{ as_of_date() }}
        ) as ranked
        where recency_rank = 1
    {%- endif -%}
{%- endmacro %}

{# The registry as it stands; none before the first run. It is no ref: who is who is decided from what the registry said
   before, and only then written to it. #}
{% macro identity_registry_relation() -%}
    {%- if not execute -%}{{ return(none) }}{%- endif -%}
    {{ return(adapter.get_relation(target.database, generate_schema_name('state', none), 'identity_registry')) }}
{%- endmacro %}

{# With another key every profile would be a stranger, and every customer id in every tool outside would be void. #}
{% macro stop_on_other_hash_key(registry) -%}
    {%- set found = run_query(
        "select count(*) from " ~ registry ~ " where key_check <> " ~ keyed_hash("'identity registry'")
    ).rows[0][0] -%}
    {%- if found > 0 -%}
        {{ exceptions.raise_compiler_error(
            "SEGMENTATION_HASH_KEY is not the key that the customer ids in " ~ registry ~ " were made with; set the old key"
            ~ " again, or move the warehouse away to begin with new ids"
        ) }}
    {%- endif -%}
{%- endmacro %}
