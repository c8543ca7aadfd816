-- Grain: one row per alternative that changes nothing: taken out again by an exclude, or let in by another one already.
with pairs as (

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
        pairs.*,
        back.segment_key is not null as is_same

    from pairs
    left join pairs as back
        on
            pairs.segment_key = back.segment_key
            and pairs.kind = back.other_kind
            and pairs.alternative = back.other_alternative
            and pairs.other_kind = back.kind
            and pairs.other_alternative = back.alternative

),

faults as (

    select
        segment_key,
        kind,
        alternative,
        false as is_note,
        concat('exclude ', other_alternative, ' takes out everybody whom include ', alternative, ' lets in') as reason,
        'correct one of the two, or delete both' as suggestion

    from judged
    where kind = 'include' and other_kind = 'exclude'

    union all

    select
        segment_key,
        kind,
        alternative,
        true,
        case
            when is_same then concat(kind, ' ', alternative, ' and ', kind, ' ', other_alternative, ' say the same')
            else concat(kind, ' ', alternative, ' adds nobody to ', kind, ' ', other_alternative)
        end,
        concat('delete ', kind, ' ', alternative, ', or correct it')

    from judged
    where
        kind = other_kind
        -- Of two that are the same, the later one is too many.
        and (not is_same or {{ whole_number('alternative') }} > {{ whole_number('other_alternative') }})

),

named as (

    select
        'segment_rule_conditions' as seed_name,
        faults.segment_key,
        row_texts.row_text,
        false as is_structural,
        faults.reason,
        faults.suggestion,
        faults.is_note

    from faults
    inner join row_texts
        on
            faults.segment_key = row_texts.segment_key
            and faults.kind = row_texts.kind
            and faults.alternative = row_texts.alternative

)

select * from named
