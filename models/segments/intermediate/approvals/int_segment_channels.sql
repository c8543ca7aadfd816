-- Grain: one row per segment and channel that it may be used on.
with definitions as (

    select * from {{ ref('int_segment_definitions') }}

),

split_channels as (

    select
        segment_key,
        effective_status,
        is_suppression,
        {{ split_to_rows('channels') }} as channel

    from definitions

),

segment_channels as (

    select
        segment_key,
        effective_status,
        is_suppression,
        trim(channel) as channel

    from split_channels

)

select * from segment_channels
