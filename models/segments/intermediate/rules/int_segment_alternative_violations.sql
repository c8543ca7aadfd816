-- Grain: one row per two conditions of an alternative that cannot both hold, and per alternative without effect.
with alternatives as (

    select * from {{ ref('int_segment_alternatives') }}

),

row_texts as (

    select
        segment_key,
        kind,
        alternative,
        min(row_text) as row_text

    from {{ ref('int_segment_conditions') }}
    group by segment_key, kind, alternative

),

nested as (

    select
        alternatives.*,
        back.segment_key is not null as is_same

    from alternatives
    left join alternatives as back
        on
            alternatives.segment_key = back.segment_key
            and alternatives.kind = back.other_kind
            and alternatives.alternative = back.other_alternative
            and alternatives.other_kind = back.kind
            and alternatives.other_alternative = back.alternative

),

clashing as (

    select distinct
        pairs.segment_key,
        least(pairs.row_text, pairs.other_text) as row_text,
        -- Without the segment, which row_text already names.
        substr(greatest(pairs.row_text, pairs.other_text), length(pairs.segment_key) + 3) as other_text

    from {{ ref('int_segment_condition_pairs') }} as pairs
    left join {{ ref('int_segment_value_clashes') }} as clashes
        on
            pairs.condition_key = clashes.condition_key
            and pairs.other_key = clashes.other_key
    where
        (pairs.is_comparable and (pairs.is_above or pairs.is_left_out))
        or clashes.condition_key is not null
        -- A missing value meets no other condition.
        or (
            pairs.comparison = 'is_known' and pairs.is_negated and pairs.other_if_missing <> 'true'
            and not (pairs.other_comparison = 'is_known' and pairs.is_other_negated)
        )
        or pairs.is_opposite

),

violations as (

    select
        segment_key,
        row_text,
        false as is_warning,
        concat_ws('', 'it cannot hold together with `', other_text, '`') as reason,
        'put the two into different alternatives, or delete one' as suggestion

    from clashing

    union all

    select
        nested.segment_key,
        row_texts.row_text,
        nested.kind = nested.other_kind,
        case
            when nested.kind <> nested.other_kind
                then concat_ws(
                        '', 'exclude ', nested.other_alternative, ' removes every customer that include ',
                        nested.alternative, ' matches'
                    )
            when nested.is_same
                then concat_ws(
                        '', nested.kind, ' ', nested.alternative, ' and ', nested.kind, ' ', nested.other_alternative,
                        ' mean the same'
                    )
            else concat_ws(
                    '', nested.kind, ' ', nested.alternative, ' adds nothing to ', nested.kind, ' ',
                    nested.other_alternative
                )
        end,
        case
            when nested.kind <> nested.other_kind then 'correct one of the two, or delete both'
            else concat_ws('', 'delete ', nested.kind, ' ', nested.alternative, ', or correct it')
        end

    from nested
    inner join row_texts
        on
            nested.segment_key = row_texts.segment_key
            and nested.kind = row_texts.kind
            and nested.alternative = row_texts.alternative
    where
        (nested.kind = 'include' and nested.other_kind = 'exclude')
        -- Of two equivalent alternatives, the later one is redundant.
        or (
            nested.kind = nested.other_kind
            and (
                not nested.is_same
                or {{ whole_number('nested.alternative') }} > {{ whole_number('nested.other_alternative') }}
            )
        )

)

select distinct * from violations
