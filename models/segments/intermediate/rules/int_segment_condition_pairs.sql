-- Grain: one row per two conditions of one alternative on the same attribute, in both orders.
with conditions as (

    select * from {{ ref('int_segment_condition_ranges') }}

),

pairs as (

    select
        one.condition_key,
        one.segment_key,
        one.row_text,
        one.comparison,
        one.combine,
        one.is_negated,
        other.condition_key as other_key,
        other.row_text as other_text,
        other.comparison as other_comparison,
        other.combine as other_combine,
        other.is_negated as is_other_negated,
        other.if_missing as other_if_missing,
        one.scale is not null and one.scale = other.scale as is_comparable,
        one.low > other.high
        or (one.low = other.high and (one.is_low_open or other.is_high_open)) as is_above,
        other.takes = 'two' and other.is_negated
        and (one.low > other.named_low or (one.low = other.named_low and (one.is_low_open or not other.is_low_open)))
        and (
            one.high < other.named_high
            or (one.high = other.named_high and (one.is_high_open or not other.is_high_open))
        ) as is_left_out,
        (one.opposite = other.operator or other.opposite = one.operator) and one.spelled_value = other.spelled_value
            as is_opposite,
        other.named_low as other_low,
        other.named_high as other_high,
        other.is_low_open as is_other_low_open,
        other.is_high_open as is_other_high_open

    from conditions as one
    inner join conditions as other
        on
            one.segment_key = other.segment_key
            and one.kind = other.kind
            and one.alternative = other.alternative
            and one.attribute = other.attribute
            and one.condition_key <> other.condition_key
            -- Two conditions that a missing value both meets do not contradict each other.
            and (one.if_missing <> 'true' or other.if_missing <> 'true')

)

select * from pairs
