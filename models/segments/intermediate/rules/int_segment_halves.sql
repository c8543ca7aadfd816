-- Grain: one row per two alternatives that are the only conditions of a rule and between them leave out nobody.
with conditions as (

    select
        *,
        count(*) over (partition by segment_key, kind, alternative) as condition_count,
        count(*) filter (where kind = 'exclude') over (partition by segment_key) as exclude_count

    from {{ ref('int_segment_condition_ranges') }}

),

alone as (

    select * from conditions
    where kind = 'include' and condition_count = 1 and exclude_count = 0

),

-- Two alternatives of one condition each that between them leave out nobody, or nobody whose value is known.
halves as (

    select
        one.segment_key,
        one.row_text,
        one.attribute,
        other.row_text as other_text,
        one.is_never_null
        or one.operator in ('is_null', 'is_member')
        or one.if_missing = 'true'
        or other.if_missing = 'true' as is_everybody

    from alone as one
    inner join alone as other
        on
            one.segment_key = other.segment_key
            and one.attribute = other.attribute
            and one.condition_key <> other.condition_key
    where
        (one.operator = 'is_true' and other.operator = 'is_false')
        or (one.operator = 'is_null' and other.operator = 'is_not_null')
        or (one.operator = 'is_member' and other.operator = 'is_not_member')
        or (
            one.spelled_value = other.spelled_value
            and concat(one.operator, ' ', other.operator)
            in ('= !=', 'in not_in', 'contains not_contains', 'has_any has_none')
        )
        or (
            one.scale = other.scale
            and one.low = cast('-infinity' as double)
            and other.high = cast('infinity' as double)
            and (
                other.low < one.high
                or (other.low = one.high and not (other.is_low_open and one.is_high_open))
                or (other.has_steps and other.low = one.high + 1)
            )
        )

)

select * from halves
