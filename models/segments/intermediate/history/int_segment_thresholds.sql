-- Grain: one row per evaluated day, attribute and percentile that a rule names.
{{ config_of_history() }}
{{ config(post_hook="{{ forget_old_history(this, ref('segment_evaluations')) }}") }}

with percentiles as (

    select
        {{ as_of_date() }} as as_of_date,
        percentiles.*

    from {{ ref('int_segment_percentiles') }} as percentiles

)

select * from percentiles
