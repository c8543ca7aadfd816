{# Writes what people and commands read as Parquet, `<folder>/<schema>/<relation>/`, for `python -m scripts import-marts`.
   The list of contents comes last: a folder without it is not complete. `past_day`: only what models are fitted on, of a
   day that was built for them. Usage: dbt run-operation export_to_parquet --args '{folder: /lake/export}' #}
{% macro export_to_parquet(folder, past_day=false) -%}
    {%- set contents = folder ~ '/_contents' -%}
    {%- do write_directory(contents, "select '' as relation, cast(0 as bigint) as row_count, current_date as as_of_date where 1 = 0") -%}
    {%- set counts = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type in ['model', 'seed'] and is_exported(node, past_day) -%}
        {%- set relation = adapter.get_relation(node.database, node.schema, node.alias) -%}
        {%- if relation is none -%}
            {{ exceptions.raise_compiler_error(node.schema ~ '.' ~ node.alias ~ ' has not been built; build it, then export again') }}
        {%- endif -%}
        {%- set name = node.config.schema ~ '/' ~ node.alias -%}
        {%- do write_directory(folder ~ '/' ~ name, 'select * from ' ~ relation) -%}
        {%- do counts.append("select '" ~ name | replace('/', '.') ~ "' as relation, count(*) as row_count from " ~ relation) -%}
    {%- endfor -%}
    {%- if not past_day and adapter.get_relation(target.database, 'intake', 'settings') is not none -%}
        {%- do write_directory(folder ~ '/intake/settings', 'select * from intake.settings') -%}
        {%- do counts.append("select 'intake.settings' as relation, count(*) as row_count from intake.settings") -%}
    {%- endif -%}
    {%- set margin = graph.nodes['model.' ~ project_name ~ '.customer_margin'] -%}
    {%- do write_directory(
        contents,
        'select counted.relation, counted.row_count, described.as_of_date from (' ~ counts | join(' union all ') ~ ') as counted'
        ~ ' cross join (select max(as_of_date) as as_of_date from ' ~ margin.schema ~ '.' ~ margin.alias ~ ') as described'
    ) -%}
    {%- do log(counts | length ~ ' relations written to ' ~ folder, info=true) -%}
{%- endmacro %}

{% macro write_directory(folder, query) -%}
    {%- do run_query("insert overwrite directory '" ~ folder ~ "' using parquet " ~ query) -%}
{%- endmacro %}

{# Whether a model or seed is part of an export. #}
{% macro is_exported(node, past_day) -%}
    {%- if node.config.materialized == 'ephemeral' -%}{{ return(false) }}{%- endif -%}
    {%- if past_day -%}{{ return(node.name in past_day_relations()) }}{%- endif -%}
    {{ return(
        node.config.schema in ['marts', 'pii', 'activation', 'history', 'state', 'seeds']
        or node.name in exported_steps()
    ) }}
{%- endmacro %}

{# What models are fitted on, of a past day. #}
{% macro past_day_relations() -%}
    {{ return(['int_prediction_inputs', 'int_customer_purchases', 'int_category_interests', 'customer_identities', 'customer_margin']) }}
{%- endmacro %}

{# Steps between staging and marts that commands read, and those that a view which they read is built from. #}
{% macro exported_steps() -%}
    {{ return([
        'int_category_interests', 'int_clv_parameters', 'int_customer_identities', 'int_customer_purchases',
        'int_data_profile_cross_fields', 'int_data_profile_deviations', 'int_data_profile_distribution',
        'int_data_profile_drift', 'int_identity_edges', 'int_identity_identifiers', 'int_identity_profiles',
        'int_membership_comparisons', 'int_model_status', 'int_prediction_inputs', 'int_record_violations',
        'int_segment_audience_candidates', 'int_segment_definitions', 'int_segment_matches', 'int_segment_percentiles',
        'int_segment_rule_errors', 'int_segment_rule_items', 'int_segment_rules', 'int_validation_rules'
    ]) }}
{%- endmacro %}
