{# Configuration of a relation that keeps past days: evaluating a day again replaces its rows, all other days stay. #}
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

{# A relation of the schema history as it was before this run; none before the first run. Not a ref: changes are derived
   from its earlier state and only then written to it. #}
{% macro history_before(name) -%}
    {%- if not execute -%}{{ return(none) }}{%- endif -%}
    {{ return(adapter.get_relation(target.database, generate_schema_name('history', none), name)) }}
{%- endmacro %}

{# The membership log as it was before this run: as_of_date, customer_id, segment_key, change. #}
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
    where customer_id is not null and change is not null
    {%- endif -%}
{%- endmacro %}

{# How a condition changed, as SQL over a row of int_membership_traces, such as
   `no order in the last 120 days: 119 → 120`; a threshold that moved is shown with both values. #}
{% macro flipped_condition_text() -%}
    concat_ws(
        '', condition_text,
        ': ',
        case
            when previous_actual_value <> actual_value
                then concat_ws('', {{ trace_value_text('previous_actual_value') }}, ' → ')
            else ''
        end,
        {{ trace_value_text('actual_value') }},
        case
            when expected_note is null then ''
            when previous_expected_value <> expected_value
                then concat_ws('', ', threshold ', replace(previous_expected_value, '|', ' and '), ' → ', replace(expected_value, '|', ' and '))
            else concat_ws('', ', threshold ', replace(expected_value, '|', ' and '))
        end
    )
{%- endmacro %}

{# A value of a trace as people write it. #}
{% macro trace_value_text(value) -%}
    case {{ value }} when 'true' then 'yes' when 'false' then 'no' when 'missing' then 'not known' else {{ value }} end
{%- endmacro %}

{# Deletes all but the last `count` days up to as_of_date; days after it stay. #}
{% macro forget_older_days(relation, count) -%}
    {%- set condition -%}
    as_of_date < (
        select min(days.as_of_date)
        from (
            select distinct kept.as_of_date
            from {{ relation }} as kept
            where kept.as_of_date <= {{ as_of_date() }}
            order by kept.as_of_date desc
            limit {{ count | int }}
        ) as days
    )
    {%- endset -%}
    {{ return(delete_rows(relation, condition)) }}
{%- endmacro %}

{# The oldest evaluated day that is kept: the last one that is `segment_history_days` or more before the newest. The
   next day is compared with it. Null while no day is that old. #}
{% macro oldest_kept_day(evaluations) -%}
    (
        select max(days.as_of_date)
        from {{ evaluations }} as days
        where
            days.segment_key is null
            and days.as_of_date <= (
                select {{ days_before('max(newest.as_of_date)', var('segment_history_days')) }}
                from {{ evaluations }} as newest
            )
    )
{%- endmacro %}

{# Deletes what is before the oldest kept day, where the var segment_history_days is set. Members on that day keep their
   entry in the log, so that ongoing stays keep their first day and reason. #}
{% macro forget_old_history(relation, evaluations) -%}
    {%- if var('segment_history_days') is none -%}{{ return('select 1') }}{%- endif -%}
    {%- set condition -%}
        as_of_date < {{ oldest_kept_day(evaluations) }}
        {%- if relation.identifier == 'membership_log' %}
        and (
            change <> 'entered'
            or exists (
                select 1
                from {{ relation }} as later
                where
                    later.customer_id = {{ relation.identifier }}.customer_id
                    and later.segment_key = {{ relation.identifier }}.segment_key
                    and later.as_of_date > {{ relation.identifier }}.as_of_date
                    and later.as_of_date < {{ oldest_kept_day(evaluations) }}
            )
        )
        {%- endif %}
    {%- endset -%}
    {{ return(delete_rows(relation, condition)) }}
{%- endmacro %}

{# Stops the evaluation of a day whose history was deleted: there would be nothing to compare its memberships with. #}
{% macro stop_on_forgotten_day() -%}
    {%- set evaluations = history_before('segment_evaluations') -%}
    {%- if evaluations is none or var('segment_history_days') is none -%}{{ return('') }}{%- endif -%}
    {%- set oldest = run_query('select ' ~ oldest_kept_day(evaluations)).columns[0].values()[0] -%}
    {%- if oldest is not none and as_of_day() < oldest | string -%}
        {{ exceptions.raise_compiler_error(
            as_of_day() ~ ' is before ' ~ oldest ~ ', the oldest day of history that segment_history_days ('
            ~ var('segment_history_days') ~ ') keeps; evaluate later days'
        ) }}
    {%- endif -%}
{%- endmacro %}
