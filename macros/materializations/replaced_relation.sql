{# Tables and views on DuckDB, each replaced by one statement. dbt's own materializations build a new relation,
   rename the old one, rename the new one and drop the old one, because not every engine can replace in one step; with
   hundreds of small models that costs more than the models do. All within one transaction, comments included: a model
   that fails leaves the old relation in place, and a model may read the one that it replaces. Contracts are enforced as
   usual; indexes, grants and sql_header, which no model here uses, are not supported. #}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {{ return(replaced_relation('table', sql)) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb', supported_languages=['sql'] %}
    {{ return(replaced_relation('view', sql)) }}
{% endmaterialization %}

{% macro replaced_relation(kind, query) -%}
    {%- set relation = this.incorporate(type=kind) -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set is_contracted = config.get('contract').enforced -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if model.constraints or model.columns.values() | selectattr('constraints') | list -%}
        {{ exceptions.raise_compiler_error(this.identifier ~ ": constraints are not enforced here; test the model instead") }}
    {%- endif -%}
    {%- if is_contracted -%}{%- do get_assert_columns_equivalent(query) -%}{%- endif -%}
    {%- call statement('main') -%}
        {#- A table cannot replace a view, nor a view a table. -#}
        {%- if existing is not none and existing.type != kind %}
        drop {{ existing.type }} if exists {{ existing }};
        {%- endif %}
        create or replace {{ kind }} {{ relation }} as (
            {#- A table with a contract has the contract's column order. -#}
            {{ get_select_subquery(query) if is_contracted and kind == 'table' else query }}
        );
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(relation, model) -%}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [relation]}) }}
{%- endmacro %}

{# Descriptions of a relation and its columns as comments, all in one statement. #}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- set statements = [] -%}
    {%- if for_relation and config.persist_relation_docs() and model.description -%}
        {%- do statements.append(alter_relation_comment(relation, model.description)) -%}
    {%- endif -%}
    {%- if for_columns and config.persist_column_docs() and model.columns -%}
        {%- set columns = model.columns -%}
        {#- An enforced contract has already checked that its columns exist. -#}
        {%- if not config.get('contract').enforced -%}
            {%- set present = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
            {%- set columns = validate_doc_columns(relation, columns, present) -%}
        {%- endif -%}
        {%- do statements.append(column_comments(relation, columns)) -%}
    {%- endif -%}
    {%- if statements | join | trim -%}{%- do run_query(statements | join('\n')) -%}{%- endif -%}
{%- endmacro %}

{# Comments on columns that a relation is known to have, one statement each. #}
{% macro column_comments(relation, columns) -%}
    {%- for column in columns.values() if column.description %}
    comment on column {{ relation }}.{{ adapter.quote(column.name) }} is {{ duckdb_escape_comment(column.description) }};
    {%- endfor %}
{%- endmacro %}
