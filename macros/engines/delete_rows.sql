{# Deletes the rows of a table that meet a condition, as the statement of a hook. #}
{% macro delete_rows(relation, condition) -%}
    {{ return(adapter.dispatch('delete_rows', 'customer_segmentation')(relation, condition)) }}
{%- endmacro %}

{% macro default__delete_rows(relation, condition) -%}
    {{ return('delete from ' ~ relation ~ ' where ' ~ condition) }}
{%- endmacro %}

{# Rows of plain Parquet cannot be deleted: the partitions that have such rows are written again without them, and
   dropped where no row is left; a table without partitions is written again as a whole. This happens at once, and the
   statement that is returned has nothing left to do. Delta and Iceberg delete rows themselves. #}
{% macro spark__delete_rows(relation, condition) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set information = run_query('show table extended in ' ~ relation.schema ~ " like '" ~ relation.identifier ~ "'").rows[0][3] -%}
    {%- if modules.re.search('Provider: *(delta|iceberg)', information) -%}
        {{ return(default__delete_rows(relation, condition)) }}
    {%- endif -%}
    {%- set partitions = modules.re.findall('Partition Columns: \\[`?(\\w+)`?\\]', information) -%}
    {%- set work = work_table(relation, 'kept') -%}
    {%- if not partitions -%}
        {%- if run_query('select count(*) from ' ~ relation ~ ' where ' ~ condition).rows[0][0] > 0 -%}
            {%- do replace_with(relation, work, 'not coalesce(' ~ condition ~ ', false)', '') -%}
        {%- endif -%}
        {{ return('select 1') }}
    {%- endif -%}
    {%- set partition = partitions[0] -%}
    {%- set touched = distinct_values(relation ~ ' where ' ~ condition, partition) -%}
    {%- if touched -%}
        {%- do replace_with(
            relation, work, partition ~ " in ('" ~ touched | join("', '") ~ "') and not coalesce(" ~ condition ~ ', false)',
            'partition (' ~ partition ~ ')', touched
        ) -%}
    {%- endif -%}
    {{ return('select 1') }}
{%- endmacro %}

{# Writes a table, or the given values of its partition column, again with the rows that are kept. #}
{% macro replace_with(relation, work, kept, partition, touched=[]) -%}
    {%- do run_query('drop table if exists ' ~ work) -%}
    {%- do run_query('create table ' ~ work ~ ' using parquet as select * from ' ~ relation ~ ' where ' ~ kept) -%}
    {%- do run_query('set spark.sql.sources.partitionOverwriteMode = dynamic') -%}
    {%- do run_query('insert overwrite table ' ~ relation ~ ' ' ~ partition ~ ' select * from ' ~ work) -%}
    {%- if touched -%}
        {%- set column = partition | replace('partition (', '') | replace(')', '') -%}
        {%- do drop_partitions(relation, column, touched | reject('in', distinct_values(work, column)) | list) -%}
    {%- endif -%}
    {%- do run_query('drop table ' ~ work) -%}
{%- endmacro %}

{# Drops the partitions with the given values of their column. #}
{% macro drop_partitions(relation, column, values) -%}
    {%- for value in values -%}
        {%- do run_query('alter table ' ~ relation ~ ' drop if exists partition (' ~ column ~ " = '" ~ value ~ "')") -%}
    {%- endfor -%}
{%- endmacro %}

{# The distinct values of a column, as texts, of a relation with its conditions. #}
{% macro distinct_values(rows, column) -%}
    {%- set found = run_query('select distinct cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ') as value from ' ~ rows) -%}
    {{ return(found.columns[0].values() | list) }}
{%- endmacro %}

{# A table beside another, for rows on their way into it. #}
{% macro work_table(relation, part) -%}
    {{ return(api.Relation.create(schema=relation.schema, identifier=relation.identifier ~ '__' ~ part, type='table')) }}
{%- endmacro %}
