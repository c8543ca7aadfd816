{# The staging models that can feed the golden record: those of the source map that hold profiles or addresses. #}
{% macro golden_relation_names() -%}
    {{ return([
        'stg_crm__profiles', 'stg_hubspot__contacts', 'stg_klaviyo__persons', 'stg_loyalty__members',
        'stg_marketplace__orders', 'stg_pos__receipts', 'stg_shopify__customers', 'stg_shopify__orders',
        'stg_surveys__responses', 'stg_zendesk__users'
    ]) }}
{%- endmacro %}

{# When a record made its statement: its own timestamp of the change or order, but never later than it became known. #}
{% macro stated_at(relation_name, alias) -%}
    {%- set stamps = {
        'stg_crm__profiles': 'updated_at', 'stg_marketplace__orders': 'ordered_at', 'stg_pos__receipts': 'ordered_at',
        'stg_shopify__orders': 'ordered_at'
    } -%}
    {%- set known = alias ~ '.known_at' -%}
    {%- if relation_name not in stamps -%}{{ return(known) }}{%- endif -%}
    {{ return('least(coalesce(' ~ alias ~ '.' ~ stamps[relation_name] ~ ', ' ~ known ~ '), ' ~ known ~ ')') }}
{%- endmacro %}

{# Where records of people hold fields of the golden record, according to the source map: one dict per relation, kind of
   profile, key column and filter, with the rows of the map by field and the precedence by unit. Rows of the map without
   a precedence are not used. #}
{% macro golden_places() -%}
    {%- set places = {} -%}
    {%- do blocked_patterns('email') -%}
    {%- for row in source_map(golden_relation_names())
        if row.is_on and row.kind == 'field' and row.precedence and row.profile_system and row.field in golden_fields() -%}
        {%- set name = [row.relation, row.profile_system, row.key_column, row.filter_column, row.filter_value] | join('|') -%}
        {%- set place = places.setdefault(name, dict(row, fields={}, precedences={})) -%}
        {%- do place.fields.setdefault(row.field, row) -%}
        {%- for unit, fields in golden_units().items() if row.field in fields -%}
            {%- set ranks = [row.precedence | int, place.precedences.get(unit, 99)] -%}
            {%- do place.precedences.update({unit: ranks | min}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(places.values() | list) }}
{%- endmacro %}

{# One field of a statement as text; null where the map has no row for it here, and where the value is implausible or an
   identifier that is not the customer's own (people.owns_email and so on). #}
{% macro golden_value(field, row) -%}
    {%- set text = dbt.type_string() -%}
    {%- if not row -%}{{ return('cast(null as ' ~ text ~ ')') }}{%- endif -%}
    {%- set column = 'stated.' ~ adapter.quote(row.column_name) -%}
    {%- set conditions = ['trim(cast(' ~ column ~ ' as ' ~ text ~ ")) <> ''"] -%}
    {%- if row.validity -%}{%- do conditions.append(source_map_validity_sql(row.validity, column)) -%}{%- endif -%}
    {%- if field in identifier_types() -%}{%- do conditions.append('people.owns_' ~ field) -%}{%- endif -%}
    {{ return('case when ' ~ conditions | join(' and ') ~ ' then cast(' ~ column ~ ' as ' ~ text ~ ') end') }}
{%- endmacro %}
