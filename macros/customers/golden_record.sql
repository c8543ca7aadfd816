{# The staging models that the golden record may be read from: those of the source map that hold profiles or addresses. #}
{% macro golden_relation_names() -%}
    {{ return([
        'stg_crm__profiles', 'stg_hubspot__contacts', 'stg_klaviyo__persons', 'stg_loyalty__members',
        'stg_marketplace__orders', 'stg_pos__receipts', 'stg_shopify__customers', 'stg_shopify__orders',
        'stg_surveys__responses', 'stg_zendesk__users'
    ]) }}
{%- endmacro %}

{# When a record said what it says: its own stamp of the change or the order, but never later than it became known. #}
{% macro stated_at(relation_name, alias) -%}
    {%- set stamps = {
        'stg_crm__profiles': 'updated_at', 'stg_marketplace__orders': 'ordered_at', 'stg_pos__receipts': 'ordered_at',
        'stg_shopify__orders': 'ordered_at'
    } -%}
    {%- set known = alias ~ '.known_at' -%}
    {%- if relation_name not in stamps -%}{{ return(known) }}{%- endif -%}
    {{ return('least(coalesce(' ~ alias ~ '.' ~ stamps[relation_name] ~ ', ' ~ known ~ '), ' ~ known ~ ')') }}
{%- endmacro %}

{# What every record of a known person says of the fields of the golden record, as the source map has it: one column per
   field, null where the record says nothing or nothing plausible, and per unit how far its word counts. `people` has
   customer_id, source_system, source_profile_id and for e-mail, phone and the numbers whether the profile's own one
   stands for one person (owns_email and so on). Rows of the map without a precedence are not used. #}
{% macro golden_statements(people) -%}
    {%- set rows = source_map(golden_relation_names()) -%}
    {%- do blocked_patterns('email') -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set places = {} -%}
    {%- for row in rows
        if row.is_on and row.kind == 'field' and row.precedence and row.profile_system and row.field in golden_fields() -%}
        {%- set place = [row.relation, row.profile_system, row.key_column, row.filter_column, row.filter_value] | join('|') -%}
        {%- do places.setdefault(place, {'row': row, 'fields': {}}).fields.setdefault(row.field, row) -%}
    {%- endfor -%}
    {%- set selects = [] -%}
    {%- for place in places.values() -%}
        {%- set columns = [] -%}
        {%- for field in golden_fields() -%}
            {%- do columns.append(golden_statement_column(field, place.fields.get(field)) ~ ' as ' ~ field) -%}
        {%- endfor -%}
        {%- for unit, fields in golden_units().items() -%}
            {%- set ranks = [] -%}
            {%- for field in fields if field in place.fields -%}{%- do ranks.append(place.fields[field].precedence | int) -%}{%- endfor -%}
            {%- do columns.append('cast(' ~ (ranks | min if ranks else 'null') ~ ' as int) as ' ~ unit ~ '_precedence') -%}
        {%- endfor -%}
        {%- do selects.append(
            'select people.customer_id, people.source_system, ' ~ stated_at(place.row.relation, 'stated') ~ ' as valued_at, '
            ~ columns | join(', ') ~ ' from (select * from ' ~ place.row.table ~ ' where ' ~ source_map_filter_sql(place.row)
            ~ ') as stated inner join ' ~ people ~ ' as people on people.source_system = '
            ~ text_literal(place.row.profile_system) ~ ' and people.source_profile_id = cast(stated.'
            ~ adapter.quote(place.row.key_column) ~ ' as ' ~ dbt.type_string() ~ ')'
        ) -%}
    {%- endfor -%}
    {%- set types = {
        'customer_id': dbt.type_string(), 'source_system': dbt.type_string(), 'valued_at': dbt.type_timestamp()
    } -%}
    {%- for field in golden_fields() -%}{%- do types.update({field: dbt.type_string()}) -%}{%- endfor -%}
    {%- for unit in golden_units() -%}{%- do types.update({unit ~ '_precedence': 'int'}) -%}{%- endfor -%}
    {%- do selects.append(literal_rows(types, [])) -%}
    {{ return(selects | join('\n    union all\n    ')) }}
{%- endmacro %}

{# One field of a statement as text; null where the map has no row for it here. #}
{% macro golden_statement_column(field, row) -%}
    {%- if not row -%}{{ return('cast(null as ' ~ dbt.type_string() ~ ')') }}{%- endif -%}
    {%- set column = 'stated.' ~ adapter.quote(row.column_name) -%}
    {%- set text = 'cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {%- set conditions = ['trim(' ~ text ~ ") <> ''"] -%}
    {%- if row.validity -%}{%- do conditions.append(source_map_validity_sql(row.validity, column)) -%}{%- endif -%}
    {%- if field in identifier_types() -%}{%- do conditions.append('people.owns_' ~ field) -%}{%- endif -%}
    {{ return('case when ' ~ conditions | join(' and ') ~ ' then ' ~ text ~ ' end') }}
{%- endmacro %}

{# The statement that wins per customer for one unit of the golden record, by its rule, then by what breaks ties, and at
   last by the newest date and the first value in the alphabet: never by the order in which rows come. #}
{% macro golden_winners(statements, unit, fields, rule) -%}
    {%- set filled = [] -%}
    {%- set same = [] -%}
    {%- for field in fields -%}
        {%- do filled.append('case when ' ~ field ~ ' is null then 0 else 1 end') -%}
        {%- do same.append("lower(coalesce(" ~ field ~ ", ''))") -%}
    {%- endfor -%}
    {%- set orders = {
        'trusted': unit ~ '_precedence asc', 'most_recent': 'valued_at desc', 'most_complete': 'filled_count desc',
        'most_frequent': 'said_count desc'
    } -%}
    {%- set order = [] -%}
    {%- for criterion in rule.criteria -%}{%- do order.append(orders[criterion]) -%}{%- endfor -%}
    {#- Counting what was said how often sorts everything once more, so only where it is asked for. -#}
    {%- set said = 'sum(record_count) over (partition by customer_id, ' ~ same | join(', ') ~ ')'
        if 'most_frequent' in rule.criteria else '0' -%}
    {%- do order.append('valued_at desc') -%}
    {%- for field in fields -%}{%- do order.append(field ~ ' asc nulls last') -%}{%- endfor -%}
    select
        ranked.*,
        {{ text_literal(rule.rule) }} as rule
    from (
        select
            candidates.*,
            row_number() over (partition by customer_id order by {{ order | join(', ') }}, source_system asc) as place
        from (
            select
                customer_id, source_system, valued_at, {{ unit }}_precedence, {{ fields | join(', ') }},
                {{ filled | join(' + ') }} as filled_count,
                {{ said }} as said_count
            from {{ statements }}
            where {{ unit }}_precedence is not null and coalesce({{ (fields + ['null']) | join(', ') }}) is not null
        ) as candidates
    ) as ranked
    where place = 1
{%- endmacro %}
