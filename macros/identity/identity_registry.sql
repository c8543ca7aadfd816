{# What the registry knew before this run by the end of as_of_date: one row per profile ever known, hashed, with its
   customer and the time it was first known. Empty on the first day. Models read the registry only through this macro,
   so that unit tests can replace it. #}
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

{# The registry relation; none before the first run. Not a ref: identities are resolved from what the registry held
   before the run, and only then written to it. #}
{% macro identity_registry_relation() -%}
    {%- if not execute -%}{{ return(none) }}{%- endif -%}
    {{ return(adapter.get_relation(target.database, generate_schema_name('state', none), 'identity_registry')) }}
{%- endmacro %}

{# With another key every profile would look new, and every customer id held by outside tools would be void. #}
{% macro stop_on_other_hash_key(registry) -%}
    {%- set found = run_query(
        "select count(*) from " ~ registry ~ " where key_check <> " ~ keyed_hash("'identity registry'")
    ).rows[0][0] -%}
    {%- if found > 0 -%}
        {{ exceptions.raise_compiler_error(
            "SEGMENTATION_HASH_KEY is not the key that the customer ids in " ~ registry ~ " were made with; set the old key"
            ~ " again, or move the warehouse away to start with new ids"
        ) }}
    {%- endif -%}
{%- endmacro %}
