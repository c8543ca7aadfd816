{# How a relation that remembers past days is kept: evaluating a day anew replaces its rows, all other days stay. #}
{% macro config_of_history() -%}
    {{ return(config(
        schema='history',
        materialized='incremental',
        incremental_strategy='delete+insert' if target.type == 'duckdb' else 'insert_overwrite',
        unique_key='as_of_date',
        partition_by='as_of_date',
        full_refresh=false,
        on_schema_change='append_new_columns'
    )) }}
{%- endmacro %}

{# A relation of the schema history as it stood before this run; none before the first. It is no ref: what changed is
   decided from what was there, and only then written to it. #}
{% macro history_before(name) -%}
    {%- if not execute -%}{{ return(none) }}{%- endif -%}
    {{ return(adapter.get_relation(target.database, generate_schema_name('history', none), name)) }}
{%- endmacro %}

{# The membership log as it stood before this run: as_of_date, customer_id, segment_key, change. #}
{% macro membership_log_before() -%}
    {%- set log = history_before('membership_log') -%}
    {%- if log is none -%}
    {{ literal_rows({
        'as_of_date': 'date', 'customer_id': dbt.type_string(), 'segment_key': dbt.type_string(), 'change': dbt.type_string()
    }, []) }}
    {%- else -%}
    select
        as_of_date,
        customer_id,
        segment_key,
        change
    from {{ log }}
    where customer_id is not null
    {%- endif -%}
{%- endmacro %}

{# Attributes that the rules of the given segments read. #}
{% macro segment_attributes_read(segments) -%}
    {%- set names = [] -%}
    {%- for segment in segments -%}
        {%- for conditions in segment.include.values() | list + segment.exclude.values() | list -%}
            {%- for condition in conditions -%}
                {%- for name in segment_condition_attributes(condition) if name not in names and ':' not in name -%}
                    {%- do names.append(name) -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(names | sort) }}
{%- endmacro %}

{# How the value of a condition changed, as SQL over a row of int_membership_traces, such as
   `days_since_last_order 119 → 121 crossed 120`. #}
{% macro flipped_condition_text() -%}
    concat(
        attribute,
        case
            when previous_actual_value is null or previous_actual_value = actual_value then concat(' ', actual_value)
            else concat(' ', previous_actual_value, ' → ', actual_value)
        end,
        case
            when operator not in ('>', '>=', '<', '<=', 'between') then ''
            when coalesce(previous_expected_value, expected_value) <> expected_value
                then concat(', ', expected_note, ' ', previous_expected_value, ' → ', expected_value)
            when operator = 'between'
                then concat(case when is_met then ', within ' else ', outside ' end, replace(expected_value, '|', ' to '))
            when previous_actual_value is null then concat(', ', operator, ' ', expected_value)
            when expected_note is not null then concat(' crossed ', expected_note, ' ', expected_value)
            else concat(' crossed ', expected_value)
        end
    )
{%- endmacro %}

{# Deletes all but the last `count` days up to as_of_date, and the days after it. #}
{% macro forget_older_days(relation, count) -%}
    {{ return(adapter.dispatch('forget_older_days', 'customer_segmentation')(relation, count)) }}
{%- endmacro %}

{% macro default__forget_older_days(relation, count) -%}
    delete from {{ relation }}
    where as_of_date < (
        select min(days.as_of_date)
        from (
            select distinct kept.as_of_date
            from {{ relation }} as kept
            where kept.as_of_date <= {{ as_of_date() }}
            order by kept.as_of_date desc
            limit {{ count | int }}
        ) as days
    )
{%- endmacro %}

{# Plain Parquet tables delete no rows; days are dropped as partitions by whoever keeps the lake. #}
{% macro spark__forget_older_days(relation, count) -%}
    select 1
{%- endmacro %}
