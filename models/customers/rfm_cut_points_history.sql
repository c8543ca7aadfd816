-- Grain: one row per evaluated day, metric and cut-point: the values by which customers were scored on that day.
-- Evaluating a day again replaces its rows; all other days stay, in whatever order they are evaluated.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert' if target.type == 'duckdb' else 'insert_overwrite',
    unique_key='as_of_date',
    partition_by='as_of_date',
    full_refresh=false,
    on_schema_change='append_new_columns'
) }}

with cut_points as (

    select * from {{ ref('rfm_cut_points') }}

),

base as (

    select count(*) as customer_count from {{ ref('int_rfm_base') }}

),

final as (

    select
        cut_points.as_of_date,
        cut_points.metric,
        cut_points.cut_number,
        cut_points.cut_value,
        cast({{ text_literal(var('rfm_method')) }} as {{ dbt.type_string() }}) as rfm_method,
        cast({{ var('rfm_window_days') }} as int) as rfm_window_days,
        cast(base.customer_count as bigint) as customer_count

    from cut_points
    cross join base

)

select * from final
