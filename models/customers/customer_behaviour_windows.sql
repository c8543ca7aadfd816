-- Grain: one row per customer who may be profiled: the attributes that the seed behaviour_windows declares.
-- depends_on: {{ ref('int_behaviour_window_errors') }}
{{ config(post_hook="{{ comment_on_behaviour_windows() }}") }}

with customers as (

    select * from {{ ref('int_profiled_customers') }}

),

windows as (
    {{ behaviour_windows_sql() }}

)

select * from windows
