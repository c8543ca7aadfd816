-- Grain: one row per two alternatives of a segment where every customer matched by the first is matched by the second.
with conditions as (

    select * from {{ ref('int_segment_condition_ranges') }}

),

-- Counts all rows, so that an alternative with an invalid row, whose meaning is unknown, contains no other.
counts as (

    select
        segment_key,
        kind,
        alternative,
        count(distinct condition_key) as condition_count

    from {{ ref('int_segment_conditions') }}
    group by segment_key, kind, alternative

),

-- A condition and another one that it implies.
implied as (

    select
        one.segment_key,
        one.kind,
        one.alternative,
        other.kind as other_kind,
        other.alternative as other_alternative,
        other.condition_key as other_key

    from conditions as one
    inner join conditions as other
        on
            one.segment_key = other.segment_key
            and one.attribute = other.attribute
            and (one.kind <> other.kind or one.alternative <> other.alternative)
    where
        (
            one.operator = other.operator
            and one.spelled_value = other.spelled_value
            and one.if_missing = other.if_missing
        )
        or (
            (one.if_missing <> 'true' or other.if_missing = 'true')
            and (
                (one.operator = other.operator and one.spelled_value = other.spelled_value)
                or (other.comparison = 'is_known' and not other.is_negated and one.missing_value = 'unmet')
                or (
                    one.scale = other.scale
                    and other.is_whole_range
                    and (
                        one.low > other.low
                        or (one.low = other.low and (one.is_low_open or not other.is_low_open))
                    )
                    and (
                        one.high < other.high
                        or (one.high = other.high and (one.is_high_open or not other.is_high_open))
                    )
                )
            )
        )

),

pairs as (

    select
        implied.segment_key,
        implied.kind,
        implied.alternative,
        implied.other_kind,
        implied.other_alternative

    from implied
    inner join counts
        on
            implied.segment_key = counts.segment_key
            and implied.other_kind = counts.kind
            and implied.other_alternative = counts.alternative
    group by
        implied.segment_key,
        implied.kind,
        implied.alternative,
        implied.other_kind,
        implied.other_alternative,
        counts.condition_count
    having count(distinct implied.other_key) = counts.condition_count

)

select * from pairs
