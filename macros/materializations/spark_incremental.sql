{# Incremental tables on Spark, without deletes or merges: rows are appended, or the days in the result, and the day that
   is evaluated, replace their partitions. dbt-spark's own leaves the old partition of a day that no longer has rows.
   The rows are stored beside the table first, since a model may read the table that it writes. #}
{% materialization incremental, adapter='spark', supported_languages=['sql'] %}
    {%- set target_table = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {%- if existing is none or should_full_refresh() -%}
        {%- do drop_relation_if_exists(existing) -%}
        {%- call statement('main') -%}{{ create_table_as(False, target_table, sql) }}{%- endcall -%}
    {%- else -%}
        {%- set work = work_table(this, 'new') -%}
        {%- do run_query('drop table if exists ' ~ work) -%}
        {%- do run_query('create table ' ~ work ~ ' using parquet as ' ~ sql) -%}
        {%- set present = {} -%}
        {%- for column in adapter.get_columns_in_relation(target_table) -%}{%- do present.update({column.name: column.dtype}) -%}{%- endfor -%}
        {%- set found = {} -%}
        {%- for column in adapter.get_columns_in_relation(work) -%}{%- do found.update({column.name: column.dtype}) -%}{%- endfor -%}
        {%- set added = [] -%}
        {%- for name, type in found.items() if name not in present -%}{%- do added.append(adapter.quote(name) ~ ' ' ~ type) -%}{%- endfor -%}
        {%- if added -%}
            {%- do run_query('alter table ' ~ target_table ~ ' add columns (' ~ added | join(', ') ~ ')') -%}
        {%- endif -%}
        {%- set partition = config.get('partition_by') -%}
        {%- set names = (present | list + found | list) | unique(case_sensitive=true) | reject('equalto', partition) | list + ([partition] if partition else []) -%}
        {%- set cells = [] -%}
        {%- for name in names -%}
            {%- do cells.append(adapter.quote(name) if name in found else 'cast(null as ' ~ present[name] ~ ')') -%}
        {%- endfor -%}
        {%- set replaces = partition and config.get('incremental_strategy') == 'insert_overwrite' -%}
        {%- if replaces -%}{%- do run_query('set spark.sql.sources.partitionOverwriteMode = dynamic') -%}{%- endif -%}
        {%- call statement('main') -%}
            insert {{ 'overwrite table ' ~ target_table ~ ' partition (' ~ partition ~ ')' if replaces else 'into ' ~ target_table }}
            select {{ cells | join(', ') }} from {{ work }}
        {%- endcall -%}
        {%- if replaces and as_of_day() not in distinct_values(work, partition) -%}
            {%- do drop_partitions(target_table, partition, [as_of_day()]) -%}
        {%- endif -%}
        {%- do run_query('drop table ' ~ work) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_table]}) }}
{% endmaterialization %}

{# Comments on columns are kept where a table can take them without being described first: on plain Parquet, only the
   comment on the table, which dbt-spark writes with it. #}
{% macro spark__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- if config.get('file_format') in ['delta', 'hudi', 'iceberg'] and for_columns and config.persist_column_docs() and model.columns -%}
        {%- set present = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
        {%- do alter_column_comment(relation, validate_doc_columns(relation, model.columns, present)) -%}
    {%- endif -%}
{%- endmacro %}
