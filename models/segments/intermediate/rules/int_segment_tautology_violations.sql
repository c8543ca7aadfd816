-- Grain: one row per condition that no customer can meet or all customers meet, and per rule that matches all of them.
with conditions as (

    select
        *,
        coalesce(is_met_when_known, false) and (is_never_null or if_missing = 'true') as is_met_by_all,
        count(*) over (partition by segment_key, kind, alternative) as condition_count,
        -- The only condition of its alternative, in a rule without excludes.
        kind = 'include' and count(*) over (partition by segment_key, kind, alternative) = 1
        and count(*) filter (where kind = 'exclude') over (partition by segment_key) = 0 as is_alone

    from {{ ref('int_segment_condition_ranges') }}

),

-- Two alternatives of one condition each that together match every customer, or every one whose value is known.
exhaustive_pairs as (

    select
        one.segment_key,
        one.row_text,
        one.attribute,
        other.row_text as other_text,
        one.is_never_null
        or one.missing_value in ('tested', 'never')
        or one.if_missing = 'true'
        or other.if_missing = 'true' as matches_all

    from conditions as one
    inner join conditions as other
        on
            one.segment_key = other.segment_key and one.attribute = other.attribute
            and one.condition_key <> other.condition_key
            and one.is_alone and other.is_alone
    where
        (
            (one.opposite = other.operator or other.opposite = one.operator)
            and one.spelled_value = other.spelled_value
            and one.operator_place < other.operator_place
            -- Two ranges are compared below.
            and (one.low is null or other.low is null)
        )
        or (
            one.scale = other.scale
            and one.low = cast('-infinity' as double)
            and other.high = cast('infinity' as double)
            and (
                other.low < one.high
                or (other.low = one.high and not (other.is_low_open and one.is_high_open))
                or (other.is_discrete and other.low = one.high + 1)
            )
        )

),

violations as (

    select
        segment_key,
        row_text,
        false as is_warning,
        concat_ws(
            '', 'no customer can meet it: `', attribute, '` is never ',
            case when high <= lowest then 'below its lowest value, ' else 'above its highest value, ' end,
            {{ count_text('case when high <= lowest then lowest else highest end') }}
        ) as reason,
        'correct the value' as suggestion

    from conditions
    -- A single value out of range is reported as an item.
    where is_never_met and (comparison = 'above' or last_comparison = 'below')
        and least >= coalesce(lowest, least) and most <= coalesce(highest, most)

    union all

    select
        segment_key,
        row_text,
        false,
        'the rule matches every customer',
        'correct the value; if every customer is meant, write customer_type is_not_null'

    from conditions
    where is_alone and is_met_by_all and not (attribute = 'customer_type' and comparison = 'is_known')

    union all

    select
        segment_key,
        row_text,
        kind = 'include' or condition_count > 1,
        case
            when kind = 'exclude' and condition_count = 1 then 'it excludes every customer'
            else 'every customer meets the condition'
        end,
        'correct the value, or delete the row'

    from conditions
    where is_met_by_all and (kind = 'exclude' or condition_count > 1)

    union all

    select
        segment_key,
        row_text,
        not matches_all,
        concat_ws(
            '', 'together with `', substr(other_text, length(segment_key) + 3), '` it matches every customer',
            case when matches_all then '' else concat_ws('', ' whose ', attribute, ' is known') end
        ),
        case
            when matches_all then 'correct one of the two; if every customer is meant, write customer_type is_not_null'
            else concat_ws('', 'correct one of the two, or write ', attribute, ' is_not_null')
        end

    from exhaustive_pairs

)

select distinct * from violations
