{# The map as the seed holds it, one dict per row, cells as text without outer blanks. The only way for it to reach a
   model: empty before the seed is loaded, and replaced by a literal list in unit tests. #}
{% macro source_map_rows() -%}
    {{ return(seed_rows(ref('source_map_fields'), [
        'field', 'precedence', 'source', 'relation', 'column_name', 'filter_value', 'kind', 'profile_system',
        'key_column', 'filter_column', 'validity', 'note'
    ])) }}
{%- endmacro %}

{# The staging models that the map may name. They are listed here so that dbt builds them first. #}
{% macro source_map_relation_names() -%}
    {{ return([
        'stg_campaigns__campaigns', 'stg_campaigns__sends', 'stg_consent__consent_events', 'stg_crm__profiles',
        'stg_external_lists__list_members', 'stg_hubspot__contacts', 'stg_inventory__stock_levels',
        'stg_klaviyo__campaigns', 'stg_klaviyo__events', 'stg_klaviyo__persons', 'stg_loyalty__members',
        'stg_loyalty__points_movements',
        'stg_marketplace__order_items', 'stg_marketplace__orders', 'stg_paid_media__ad_clicks',
        'stg_paid_media__daily_spend', 'stg_pos__receipt_lines', 'stg_pos__receipt_payments', 'stg_pos__receipts',
        'stg_products__products', 'stg_returns__return_lines', 'stg_shopify__customers',
        'stg_shopify__discount_allocations', 'stg_shopify__fulfillments', 'stg_shopify__inventory_items',
        'stg_shopify__order_line_refunds', 'stg_shopify__order_lines', 'stg_shopify__order_shipping_lines',
        'stg_shopify__orders', 'stg_shopify__product_variants', 'stg_shopify__products', 'stg_shopify__refunds',
        'stg_shopify__tax_lines', 'stg_shopify__transactions', 'stg_surveys__responses', 'stg_web__cart_additions',
        'stg_web__identifies', 'stg_web__orders_completed', 'stg_web__pages', 'stg_web__product_views',
        'stg_zendesk__ticket_field_changes', 'stg_zendesk__ticket_tags', 'stg_zendesk__tickets', 'stg_zendesk__users'
    ]) }}
{%- endmacro %}

{# The rows, ready to be compiled: cells in plain form, the relation, whether the source is on. A map with errors
   stops the model and names the first ones, so that no text of the seed becomes SQL unchecked. With `names`, only the
   rows of those relations, so that the model need not wait for the others. #}
{% macro source_map(names=none) -%}
    {%- set relations = {} -%}
    {%- for name in names or source_map_relation_names() -%}{%- do relations.update({name: ref(name)}) -%}{%- endfor -%}
    {%- set rows = [] -%}
    {%- set errors = source_map_declared_violations() -%}
    {%- set columns = {} -%}
    {%- for given in source_map_rows() if names is none or given.relation in names -%}
        {%- set row = {} -%}
        {%- for name in ['field', 'kind', 'source', 'relation', 'column_name', 'precedence', 'profile_system',
            'key_column', 'filter_column', 'filter_value', 'validity', 'note'] -%}
            {%- set cell = given.get(name) -%}
            {%- do row.update({name: '' if cell is none else cell | string}) -%}
        {%- endfor -%}
        {%- if row.relation in relations and row.relation not in columns -%}
            {%- do columns.update({row.relation: source_map_columns(relations[row.relation])}) -%}
        {%- endif -%}
        {%- for error in source_map_row_violations(row, columns.get(row.relation)) -%}
            {%- do errors.append([row.field, row.source, row.relation, row.column_name] | join(', ') ~ ': ' ~ error) -%}
        {%- endfor -%}
        {%- if not errors -%}
            {%- do row.update({'table': relations[row.relation], 'is_on': source_is_on(row.source)}) -%}
            {%- do rows.append(row) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if errors -%}
        {{ exceptions.raise_compiler_error(
            'source_map_fields has ' ~ errors | length ~ ' error(s); fix the seed: ' ~ errors[:5] | join('; ')
        ) }}
    {%- endif -%}
    {{ return(rows) }}
{%- endmacro %}

{# Violations of the map's YAML, one text each; none for the rows of a unit test, for which nothing is declared. #}
{% macro source_map_declared_violations() -%}
    {%- set errors = [] -%}
    {%- for found in seed_violation_rows('source_map_fields') -%}{%- do errors.append(found[1] ~ ': ' ~ found[2] ~ '; ' ~ found[3]) -%}{%- endfor -%}
    {{ return(errors) }}
{%- endmacro %}

{# Columns of a relation by name, whether each is text; none for the fixture of a unit test, which has no schema, and
   where `dbt compile` comes before the first build. Queried once per run: the relation is a parent of any model that
   calls this, so a build has built it. #}
{% macro source_map_columns(relation) -%}
    {%- if not relation.schema -%}{{ return(none) }}{%- endif -%}
    {%- set memory = run_memory('source_map_columns') -%}
    {%- set name = relation | string -%}
    {%- if name not in memory -%}
        {%- set columns = {} -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {#- dbt-spark does not count its own type `string` as one. -#}
            {%- do columns.update({column.name: column.is_string() or column.dtype == 'string'}) -%}
        {%- endfor -%}
        {%- do memory.update({name: none if flags.WHICH == 'compile' and not columns else columns}) -%}
    {%- endif -%}
    {{ return(memory[name]) }}
{%- endmacro %}

{# What is wrong with the relation and the columns of a row, in words; empty when nothing is. All other rules for cells
   are declared in the seed's YAML. #}
{% macro source_map_row_violations(row, columns) -%}
    {%- set errors = [] -%}
    {%- if row.relation not in source_map_relation_names() -%}
        {%- do errors.append("no relation '" ~ row.relation ~ "' that the map may read; see source_map_relation_names()") -%}
    {%- elif not row.relation.startswith('stg_' ~ row.source ~ '__') -%}
        {%- do errors.append("'" ~ row.relation ~ "' is not a relation of source '" ~ row.source ~ "'") -%}
    {%- elif columns is not none -%}
        {%- for cell in ['column_name', 'key_column', 'filter_column'] if row[cell] or cell == 'column_name' -%}
            {%- if row[cell] not in columns -%}
                {%- do errors.append("no column '" ~ row[cell] ~ "' in " ~ row.relation ~ "; it has " ~ columns | join(', ')) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set on_text = row.validity in ['email', 'phone', 'country_code', 'language_code', 'has_digit'] -%}
        {%- if row.validity and row.validity != 'adult_age' and columns.get(row.column_name, on_text) != on_text -%}
            {%- do errors.append(row.validity ~ ' cannot be checked on ' ~ row.column_name ~ ', which is '
                ~ ('text' if columns[row.column_name] else 'not text')) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(errors) }}
{%- endmacro %}
