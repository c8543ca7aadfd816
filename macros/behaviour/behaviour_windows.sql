{# The valid rows of the seed behaviour_windows, one dict each, in the order of their names. Empty before the seed is loaded;
   unit tests override it. #}
{% macro behaviour_window_rows() -%}
    {%- set rows = seed_rows(
        ref('behaviour_windows'),
        ['attribute_name', 'event', 'filter', 'measure', 'days', 'description', 'unit']
    ) -%}
    {%- if not rows -%}{{ return([]) }}{%- endif -%}
    {#- Every model that reads rules calls this: the rows are checked only once. -#}
    {%- set memory = run_memory('behaviour_window_rows') -%}
    {%- if tojson(rows) not in memory -%}
        {%- set invalid = run_query('select distinct row_text from (' ~ behaviour_window_violations() ~ ') as found').columns[0].values() -%}
        {%- do memory.update({tojson(rows): rows | rejectattr('attribute_name', 'in', invalid) | selectattr('attribute_name') | list}) -%}
    {%- endif -%}
    {{ return(memory[tojson(rows)]) }}
{%- endmacro %}

{# The valid rows with all that a query needs: dicts of attribute_name, source, is (SQL of the event), conditions (SQL
   over `events` and `products`), measure, value (SQL of what is summed or counted distinct), days, needs_catalogue,
   data_type, unit, meaning, description, phrase. #}
{% macro behaviour_windows() -%}
    {%- set events = behaviour_events() -%}
    {%- set windows = [] -%}
    {%- for row in behaviour_window_rows() -%}
        {%- set event = events[row.event] -%}
        {%- set measure = row.measure or 'count' -%}
        {%- set kind = behaviour_measures()[measure] -%}
        {%- set conditions = [event.is] if event.is else [] -%}
        {%- for part in behaviour_filter(row.filter) -%}
            {%- do conditions.append(behaviour_filter_sql(part, event.filters[part.name])) -%}
        {%- endfor -%}
        {%- set counted = kind.words ~ (
            event.noun if measure == 'count' else plural(event.noun) if measure == 'days' else event.goods
        ) -%}
        {%- do windows.append({
            'attribute_name': row.attribute_name, 'source': event.source, 'is': event.is, 'conditions': conditions,
            'days': row.days | int, 'measure': measure, 'value': event.measures.get(measure), 'data_type': kind.data_type,
            'needs_catalogue': 'products.' in conditions | join(' '),
            'unit': row.unit or kind.unit or plural(event.noun), 'meaning': behaviour_window_meaning(row, measure),
            'description': row.description or behaviour_window_text(row, plural(counted)),
            'phrase': behaviour_window_phrase(row, counted, 'amount' if measure == 'amount' else 'count')
        }) -%}
    {%- endfor -%}
    {{ return(windows) }}
{%- endmacro %}

{# A filter such as `category=Shoes|Bags; brand=Acme` as a list of dicts of name and values; a part without = has
   no values. #}
{% macro behaviour_filter(text) -%}
    {%- set parts = [] -%}
    {%- for part in (text or '').split(';') if part | trim -%}
        {%- set cells = part.split('=', 1) -%}
        {%- set values = [] -%}
        {%- for value in (cells[1] if cells | length == 2 else '').split('|') if value | trim -%}
            {%- do values.append(value | trim) -%}
        {%- endfor -%}
        {%- do parts.append({'name': cells[0] | trim, 'values': values}) -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}

{# One part of a filter as SQL: case is ignored; a path includes everything below it. #}
{% macro behaviour_filter_sql(part, expression) -%}
    {%- set conditions = [] -%}
    {%- for value in part['values'] -%}
        {%- set literal = 'lower(' ~ text_literal(value) ~ ')' -%}
        {%- do conditions.append('instr(lower(' ~ expression ~ '), ' ~ literal ~ ') = 1' if part.name == 'path' else literal) -%}
    {%- endfor -%}
    {{ return('(' ~ conditions | join(' or ') ~ ')' if part.name == 'path'
        else 'lower(' ~ expression ~ ') in (' ~ conditions | join(', ') ~ ')') }}
{%- endmacro %}

{# The description of a row in words, for a row that has none of its own. #}
{% macro behaviour_window_text(row, counted) -%}
    {%- set parts = [] -%}
    {%- for part in behaviour_filter(row.filter) -%}
        {%- do parts.append(part.name | replace('_', ' ') ~ ' ' ~ part['values'] | join(' or ')) -%}
    {%- endfor -%}
    {%- set text = counted ~ (', ' ~ parts | join(', ') ~ ',' if parts else '') ~ ' in the last ' ~ row.days ~ ' days' -%}
    {{ return(text[0] | upper ~ text[1:] ~ '.') }}
{%- endmacro %}

{# How a window is phrased in rules; the values of its filter are quoted. #}
{% macro behaviour_window_phrase(row, counted, kind) -%}
    {%- set parts = [] -%}
    {%- for part in behaviour_filter(row.filter) -%}
        {%- set values = [] -%}
        {%- for value in part['values'] -%}{%- do values.append(segment_quoted_text(value)) -%}{%- endfor -%}
        {%- do parts.append(' with ' ~ part.name | replace('_', ' ') ~ ' ' ~ values | join(' or ')) -%}
    {%- endfor -%}
    {%- set days = ' in the last ' ~ segment_days_text(row.days | int | string) -%}
    {%- set one, many = singular(counted) ~ parts | join, plural(counted) ~ parts | join -%}
    {{ return(segment_phrase_of(kind, one ~ days, many ~ days, {}, many)) }}
{%- endmacro %}

{# Canonical text of what a window counts, without its name and description. #}
{% macro behaviour_window_meaning(row, measure) -%}
    {%- set parts = [] -%}
    {%- for part in behaviour_filter(row.filter) -%}
        {%- do parts.append(part.name ~ '=' ~ tojson(part['values'] | map('lower') | unique | sort | list)) -%}
    {%- endfor -%}
    {{ return(tojson([row.event, parts | sort | list, measure, row.days | int])) }}
{%- endmacro %}

{# The attributes that the seed declares, as segment_attributes() describes those of customer_features. #}
{% macro behaviour_window_attributes() -%}
    {%- set sources = behaviour_event_sources() -%}
    {%- set attributes = [] -%}
    {%- for window in behaviour_windows() -%}
        {%- do attributes.append({
            'attribute_name': window.attribute_name, 'data_type': window.data_type, 'description': window.description,
            'theme': 'behaviour_windows', 'unit': window.unit, 'null_meaning': 'never null', 'full_phrase': window.phrase,
            'lowest': 0 if window.data_type == 'bigint' else none, 'meaning': window.meaning,
            'needs': sources[window.source].needs, 'needs_any': sources[window.source].needs_any
        }) -%}
    {%- endfor -%}
    {{ return(attributes) }}
{%- endmacro %}

{# Every window of every customer in the CTE `customers`: one grouped query over each relation that the seed uses,
   reading no more days than its rows look back. #}
{% macro behaviour_windows_sql() -%}
    {#- The fixture of a unit test has no declared rules to check. -#}
    {%- if execute and 'behaviour_windows' in seed_declarations() and load_relation(ref('behaviour_windows')) -%}
        {%- do stop_on_violations('behaviour_windows', run_query('select * from (' ~ behaviour_window_violations() ~ ') as found order by 2, 3').rows) -%}
    {%- endif -%}
    {%- set windows = behaviour_windows() -%}
    {%- set passes = [] -%}
    {%- for name, source in behaviour_event_sources().items() -%}
        {%- set wanted = windows | selectattr('source', 'equalto', name) | list -%}
        {#- While parsing, dbt does not know which relations the seed uses, so every relation is referenced. -#}
        {%- if wanted or not execute -%}
            {%- set catalogue = not execute or wanted | selectattr('needs_catalogue') | list | length > 0 -%}
            {%- do passes.append({
                'alias': 'from_' ~ name, 'source': source, 'windows': wanted, 'relation': ref(source.model),
                'catalogue': ref('int_products') if catalogue else none
            }) -%}
        {%- endif -%}
    {%- endfor %}
    select
        customers.customer_id,
        {{ as_of_date() }} as as_of_date
        {%- for window in windows %},
        cast(coalesce(from_{{ window.source }}.{{ adapter.quote(window.attribute_name) }}, 0) as {{ window.data_type }})
            as {{ adapter.quote(window.attribute_name) }}
        {%- endfor %}

    from customers
    {%- for pass in passes %}
    left join (
        {{ behaviour_pass_sql(pass) }}
    ) as {{ pass.alias }}
        on customers.customer_id = {{ pass.alias }}.customer_id
    {%- endfor %}
{%- endmacro %}

{# The query over one relation: one row per customer, one column per window. #}
{% macro behaviour_pass_sql(pass) -%}
    {%- set kinds = pass.windows | map(attribute='is') | unique | list -%}
        select
            events.customer_id
            {%- for window in pass.windows %},
            {{ behaviour_window_sql(window) }} as {{ adapter.quote(window.attribute_name) }}
            {%- endfor %}

        from {{ pass.relation }} as events
        {%- if pass.catalogue %}
        left join {{ pass.catalogue }} as products
            on events.sku = products.sku
        {%- endif %}
        where
            events.customer_id is not null
            and {{ within_window(pass.source.date, pass.windows | map(attribute='days') | max if pass.windows else 1) }}
            {%- if pass.source.where %}
            and {{ pass.source.where }}
            {%- endif %}
            {%- if kinds and '' not in kinds %}
            and ({{ kinds | join(' or ') }})
            {%- endif %}
        group by events.customer_id
{%- endmacro %}

{# The value of a window over the joined rows of its source. #}
{% macro behaviour_window_sql(window) -%}
    {%- set conditions = window.conditions + [within_window(behaviour_event_sources()[window.source].date, window.days)] -%}
    {%- set value = {
        'count': 'count(*)',
        'days': 'count(distinct ' ~ behaviour_event_sources()[window.source].date ~ ')',
        'products': 'count(distinct ' ~ window.value ~ ')'
    }.get(window.measure, 'sum(' ~ window.value ~ ')') -%}
    {{ return(value ~ ' filter (where ' ~ conditions | join(' and ') ~ ')') }}
{%- endmacro %}

{# Adds comments to the columns that the seed declares, as the YAML of the model cannot name them. #}
{% macro comment_on_behaviour_windows() -%}
    {%- if execute -%}
        {%- set columns = {} -%}
        {%- for window in behaviour_windows() -%}
            {%- do columns.update({window.attribute_name: {'description': window.description, 'quote': true}}) -%}
        {%- endfor -%}
        {#- Empty where the engine keeps no comments on columns. -#}
        {%- set statement = alter_column_comment(this, columns) | trim if columns else '' -%}
        {%- if statement -%}{%- do run_query(statement) -%}{%- endif -%}
    {%- endif -%}
{%- endmacro %}
