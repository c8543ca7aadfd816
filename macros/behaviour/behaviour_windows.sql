{# The rows of the seed behaviour_windows without a fault, one dict each, in its order. Empty before it is loaded; unit
   tests override it. #}
{% macro behaviour_window_rows() -%}
    {%- set rows = seed_rows(
        ref('behaviour_windows'),
        ['attribute_name', 'event', 'filter', 'measure', 'days', 'description', 'unit'],
        sorted=false
    ) -%}
    {%- if not rows -%}{{ return([]) }}{%- endif -%}
    {#- Every model that reads rules asks: the rows are judged once. -#}
    {%- set memory = run_memory('behaviour_window_rows') -%}
    {%- if tojson(rows) not in memory -%}
        {%- set faulty = run_query('select distinct row_text from (' ~ behaviour_window_violations() ~ ') as found').columns[0].values() -%}
        {%- do memory.update({tojson(rows): rows | rejectattr('attribute_name', 'in', faulty) | selectattr('attribute_name') | list}) -%}
    {%- endif -%}
    {{ return(memory[tojson(rows)]) }}
{%- endmacro %}

{# The rows, ready to be computed: dicts of attribute_name, source, is (SQL of the event), tests (SQL over `events` and
   `products`), measure, value (SQL of what is summed or told apart), days, needs_catalogue, data_type, description,
   unit, phrase. #}
{% macro behaviour_windows() -%}
    {%- set known = behaviour_events() -%}
    {%- set windows = [] -%}
    {%- for row in behaviour_window_rows() -%}
        {%- set event = known[row.event] -%}
        {%- set measure = row.measure or 'count' -%}
        {%- set kind = behaviour_measures()[measure] -%}
        {%- set tests = [event.is] if event.is else [] -%}
        {%- for part in behaviour_filter(row.filter) -%}
            {%- do tests.append(behaviour_filter_sql(part, event.filters[part.name])) -%}
        {%- endfor -%}
        {%- set counted = kind.words ~ (
            event.noun if measure == 'count' else plural(event.noun) if measure == 'days' else event.goods
        ) -%}
        {%- do windows.append({
            'attribute_name': row.attribute_name, 'source': event.source, 'is': event.is, 'tests': tests, 'days': row.days | int,
            'measure': measure, 'value': event.measures.get(measure), 'data_type': kind.data_type,
            'needs_catalogue': 'products.' in tests | join(' '),
            'unit': row.unit or kind.unit or plural(event.noun), 'meaning': behaviour_window_meaning(row, measure),
            'description': row.description or behaviour_window_text(row, plural(counted)),
            'phrase': behaviour_window_phrase(row, counted, 'amount' if measure == 'amount' else 'count')
        }) -%}
    {%- endfor -%}
    {{ return(windows) }}
{%- endmacro %}

{# A filter such as `category=Shoes|Bags; brand=Acme` as a list of dicts of name and values; a part without = has no
   values. #}
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

{# One part of a filter as SQL: capital and small letters are alike; a path is meant with all that lies below it. #}
{% macro behaviour_filter_sql(part, expression) -%}
    {%- set tests = [] -%}
    {%- for value in part['values'] -%}
        {%- set literal = 'lower(' ~ text_literal(value) ~ ')' -%}
        {%- do tests.append('instr(lower(' ~ expression ~ '), ' ~ literal ~ ') = 1' if part.name == 'path' else literal) -%}
    {%- endfor -%}
    {{ return('(' ~ tests | join(' or ') ~ ')' if part.name == 'path'
        else 'lower(' ~ expression ~ ') in (' ~ tests | join(', ') ~ ')') }}
{%- endmacro %}

{# What a row says in words, where it does not say so itself. #}
{% macro behaviour_window_text(row, counted) -%}
    {%- set parts = [] -%}
    {%- for part in behaviour_filter(row.filter) -%}
        {%- do parts.append(part.name | replace('_', ' ') ~ ' ' ~ part['values'] | join(' or ')) -%}
    {%- endfor -%}
    {%- set text = counted ~ (', ' ~ parts | join(', ') ~ ',' if parts else '') ~ ' in the last ' ~ row.days ~ ' days' -%}
    {{ return(text[0] | upper ~ text[1:] ~ '.') }}
{%- endmacro %}

{# How rules speak of a window; the values of its filter stand in quotes. #}
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

{# What a window counts, in one spelling: its name and description are no part of it. #}
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

{# Every window of every customer, over `customers`: one grouped pass over each relation that a row of the seed uses, over
   no more days than its rows look back. #}
{% macro behaviour_windows_sql() -%}
    {#- Nothing is declared of the fixture of a unit test. -#}
    {%- if execute and 'behaviour_windows' in seed_declarations() and load_relation(ref('behaviour_windows')) -%}
        {%- do stop_on_violations('behaviour_windows', run_query('select * from (' ~ behaviour_window_violations() ~ ') as found order by 2, 3').rows) -%}
    {%- endif -%}
    {%- set windows = behaviour_windows() -%}
    {%- set passes = [] -%}
    {%- for name, source in behaviour_event_sources().items() -%}
        {%- set wanted = windows | selectattr('source', 'equalto', name) | list -%}
        {#- What the seed will use is not known when dbt reads the project: every relation is named then. -#}
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

{# The pass over one relation: one row per customer, one column per window. #}
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
    {%- set tests = window.tests + [within_window(behaviour_event_sources()[window.source].date, window.days)] -%}
    {%- set value = {
        'count': 'count(*)',
        'days': 'count(distinct ' ~ behaviour_event_sources()[window.source].date ~ ')',
        'products': 'count(distinct ' ~ window.value ~ ')'
    }.get(window.measure, 'sum(' ~ window.value ~ ')') -%}
    {{ return(value ~ ' filter (where ' ~ tests | join(' and ') ~ ')') }}
{%- endmacro %}

{# Describes the columns that the seed declares; for a model whose YAML cannot name them. #}
{% macro comment_on_behaviour_windows() -%}
    {%- if execute -%}
        {%- set columns = {} -%}
        {%- for window in behaviour_windows() -%}
            {%- do columns.update({window.attribute_name: {'description': window.description, 'quote': true}}) -%}
        {%- endfor -%}
        {%- if columns -%}{%- do run_query(alter_column_comment(this, columns)) -%}{%- endif -%}
    {%- endif -%}
{%- endmacro %}
