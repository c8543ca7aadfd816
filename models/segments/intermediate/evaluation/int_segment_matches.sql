-- Grain: one row per customer and active segment whose rule holds on as_of_date, of all levels.
-- A view: the levels hold the rows already, and their columns never change.
{{ config(materialized='view') }}
with matches as (

    select * from {{ ref('int_segment_matches_1') }}
    union all
    select * from {{ ref('int_segment_matches_2') }}
    union all
    select * from {{ ref('int_segment_matches_3') }}

)

select * from matches
