-- Grain: one row per customer and channel: the segment that drives the next action; channel `all` is the overall one.
with memberships as (

    select * from {{ ref('segment_memberships') }}

),

segment_channels as (

    select
        segment_key,
        channel

    from {{ ref('int_segment_channels') }}
    where effective_status = 'active'

    union all

    select
        segment_key,
        'all' as channel

    from {{ ref('int_segment_definitions') }}
    where effective_status = 'active'

),

ranked as (

    select
        memberships.customer_id,
        segment_channels.channel,
        memberships.segment_key,
        memberships.may_act,
        row_number() over (
            partition by memberships.customer_id, segment_channels.channel
            order by memberships.may_act desc, memberships.priority, memberships.segment_key
        ) as channel_rank

    from memberships
    inner join segment_channels
        on memberships.segment_key = segment_channels.segment_key

),

primary_segments as (

    select
        customer_id,
        channel,
        segment_key,
        may_act as drives_action

    from ranked
    where channel_rank = 1

)

select * from primary_segments
