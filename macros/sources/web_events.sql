{# The events of one kind, in the columns of its table's contract and `known_at`: those of its own table, and those that
   only the generic table `tracks` has. That one holds every event under the same id, but none of its properties. #}
{% macro web_events(table_name) -%}
    {%- set per_event = source('web', table_name) -%}
    {%- set tracks = ref('stg_web__tracks') -%}
    {%- set own_events = latest_version('web', table_name) -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set contract = graph.sources['source.' ~ project_name ~ '.web.' ~ table_name] -%}
    {%- set in_tracks = {
        'id': 'event_id', 'anonymous_id': 'anonymous_id', 'user_id': 'user_id', 'timestamp': 'occurred_at'
    } -%}
    with own as (
        {{ own_events }}
    )

    select * from own

    union all

    select
    {%- for column in contract.columns.values() %}
        {%- set type = dbt.type_string() if column.data_type == 'varchar' else column.data_type %}
        cast({{ 'tracks.' ~ in_tracks[column.name] if column.name in in_tracks else 'null' }} as {{ type }})
            as {{ adapter.quote(column.name) }},
    {%- endfor %}
        tracks.known_at as first_known_at,
        tracks.known_at
    from {{ tracks }} as tracks
    left join own
        on tracks.event_id = own.id
    where tracks.event_name = '{{ table_name }}' and own.id is null
{%- endmacro %}
