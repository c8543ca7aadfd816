-- Grain: one row per two conditions of an alternative that cannot both hold, and per alternative that changes nothing:
-- taken out again by an exclude, or let in by another one already.
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

judged as (

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
        -- The segment need not be named twice.
        substr(greatest(pairs.row_text, pairs.other_text), length(pairs.segment_key) + 3) as other_text

    from {{ ref('int_segment_condition_pairs') }} as pairs
    left join {{ ref('int_segment_value_clashes') }} as clashes
        on
            pairs.condition_key = clashes.condition_key
            and pairs.other_key = clashes.other_key
    where
        (pairs.is_comparable and (pairs.is_above or pairs.is_left_out))
        or clashes.condition_key is not null
        -- A value that is missing meets nothing else.
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
        concat('it cannot hold together with `', other_text, '`') as reason,
        'put the two into different alternatives, or delete one' as suggestion

    from clashing

    union all

    select
        judged.segment_key,
        row_texts.row_text,
        judged.kind = judged.other_kind,
        case
            when judged.kind <> judged.other_kind
                then concat(
                        'exclude ', judged.other_alternative, ' takes out everybody whom include ', judged.alternative,
                        ' lets in'
                    )
            when judged.is_same
                then concat(
                        judged.kind, ' ', judged.alternative, ' and ', judged.kind, ' ', judged.other_alternative,
                        ' say the same'
                    )
            else concat(
                    judged.kind, ' ', judged.alternative, ' adds nobody to ', judged.kind, ' ', judged.other_alternative
                )
        end,
        case
            when judged.kind <> judged.other_kind then 'correct one of the two, or delete both'
            else concat('delete ', judged.kind, ' ', judged.alternative, ', or correct it')
        end

    from judged
    inner join row_texts
        on
            judged.segment_key = row_texts.segment_key
            and judged.kind = row_texts.kind
            and judged.alternative = row_texts.alternative
    where
        (judged.kind = 'include' and judged.other_kind = 'exclude')
        -- Of two that are the same, the later one is too many.
        or (
            judged.kind = judged.other_kind
            and (
                not judged.is_same
                or {{ whole_number('judged.alternative') }} > {{ whole_number('judged.other_alternative') }}
            )
        )

)

select distinct * from violations
