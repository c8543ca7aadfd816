-- Grain: one row per evaluated day, attribute and percentile that the rule of an active segment names.
{{ config_of_history() }}
{{ config(post_hook="{{ forget_old_history(this, ref('segment_evaluations')) }}") }}

with named as (

    select distinct
        items.attribute,
        items.item_value as percentile

    from {{ ref('int_segment_rule_items') }} as items
    inner join {{ ref('int_segment_definitions') }} as definitions
        on items.segment_key = definitions.segment_key
    where items.item_kind = 'percentile' and definitions.effective_status = 'active'

),

percentiles as (

    select
        {{ as_of_date() }} as as_of_date,
        percentiles.*

    from {{ ref('int_segment_percentiles') }} as percentiles
    inner join named
        on percentiles.attribute_name = named.attribute and percentiles.percentile = named.percentile

)

select * from percentiles
