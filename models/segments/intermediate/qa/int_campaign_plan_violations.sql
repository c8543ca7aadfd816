-- Grain: one row per campaign plan for a segment that does not exist, or on a channel that the segment may not use.
with plans as (

    select
        coalesce(nullif(trim(plan_key), ''), '(no key)') as row_text,
        trim(coalesce(segment_key, '')) as segment_key,
        lower(trim(coalesce(channel, ''))) as channel

    from {{ ref('campaign_plans') }}

),

segments as (

    select
        trim(segment_key) as segment_key,
        lower(trim(coalesce(channels, ''))) as channels

    from {{ ref('segment_definitions') }}
    where nullif(trim(segment_key), '') is not null

),

-- Each plan with the channels of its own segment and the segment with the most similar key.
meant as (

    select
        plans.row_text,
        plans.segment_key,
        plans.channel,
        max(case when plans.segment_key = segments.segment_key then segments.channels end) as channels,
        {{ nearest_name('plans.segment_key', 'segments.segment_key') }} as nearest

    from plans
    cross join segments
    group by plans.row_text, plans.segment_key, plans.channel

),

violations as (

    select
        'campaign_plans' as seed_name,
        row_text,
        case
            when channels is null then concat_ws('', '`', segment_key, '` is not a segment of segment_definitions')
            else concat_ws('', 'the segment may not use channel `', channel, '`')
        end as reason,
        case
            when channels is null then concat_ws('', 'did you mean `', nearest, '`?')
            else concat_ws('', 'write one of ', replace(channels, '|', ', '))
        end as suggestion

    from meant
    where channels is null or channel = '' or not {{ has_item_of('channels', 'channel') }}

)

select * from violations
