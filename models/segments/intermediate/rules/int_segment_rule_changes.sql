-- Grain: one row per two compared versions of a rule: what changed from one to the other, on one line.
with pairs as (

    select * from {{ ref('int_segment_version_pairs') }}

),

differences as (

    select * from {{ ref('int_segment_rule_differences') }}

),

described as (

    select
        segment_key,
        from_version,
        to_version,
        {{ ordered_text_list('added_text', 'topic', '; ') }} as added_conditions,
        {{ ordered_text_list('removed_text', 'topic', '; ') }} as removed_conditions,
        {{ ordered_text_list('change_text', 'topic', '; ') }} as change_text

    from differences
    group by segment_key, from_version, to_version

),

joined as (

    select
        pairs.segment_key,
        pairs.from_version,
        pairs.to_version,
        described.added_conditions,
        described.removed_conditions,
        coalesce(
            described.change_text,
            'its conditions read the same; what they refer to changed: an event window, a percentile or a segment'
        ) as change_text

    from pairs
    left join described
        on
            pairs.segment_key = described.segment_key
            and pairs.from_version = described.from_version
            and pairs.to_version = described.to_version

)

select * from joined
