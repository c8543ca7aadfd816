-- Grain: one row per ordered pair of segments where the rules alone imply that members of the first are in the other.
-- The distinct conditions of each alternative, normalised.
with parts as (

    select distinct
        segment_key,
        kind,
        alternative,
        concat_ws(
            '', attribute, ' ', operator, ' ',
            -- 3 and 3.0 are the same number.
            coalesce({{ exact_text('try_cast(trim(value) as double)') }}, trim(value), ''), ' ',
            coalesce(if_missing, '')
        ) as condition_part

    from {{ ref('segment_rules') }}

),

definitions as (

    select * from {{ ref('int_segment_definitions') }}
    where status <> 'retired'

),

alternatives as (

    select
        segment_key,
        kind,
        alternative,
        count(*) as part_count

    from parts
    group by segment_key, kind, alternative

),

totals as (

    select
        segment_key,
        count(*) filter (where kind = 'include') as include_count,
        count(*) filter (where kind = 'exclude') as exclude_count

    from alternatives
    group by segment_key

),

shared as (

    select
        parts.kind,
        parts.segment_key,
        parts.alternative,
        others.segment_key as other_segment_key,
        others.alternative as other_alternative,
        count(*) as part_count

    from parts
    inner join parts as others
        on
            parts.kind = others.kind
            and parts.condition_part = others.condition_part
            and parts.segment_key <> others.segment_key
    group by parts.kind, parts.segment_key, parts.alternative, others.segment_key, others.alternative

),

-- Alternatives that have all conditions of another one: customers who meet them meet the other.
covered as (

    select
        shared.kind,
        shared.segment_key,
        shared.other_segment_key,
        count(distinct shared.alternative) as alternative_count

    from shared
    inner join alternatives as others
        on
            shared.kind = others.kind
            and shared.other_segment_key = others.segment_key
            and shared.other_alternative = others.alternative
            and shared.part_count = others.part_count
    group by shared.kind, shared.segment_key, shared.other_segment_key

),

-- Every include of the first is covered by the other, and everyone the other excludes is excluded by the first too.
contained as (

    select
        covered.segment_key,
        covered.other_segment_key

    from covered
    inner join totals
        on covered.segment_key = totals.segment_key and covered.alternative_count = totals.include_count
    inner join totals as other_totals
        on covered.other_segment_key = other_totals.segment_key
    inner join definitions on covered.segment_key = definitions.segment_key
    inner join definitions as others on covered.other_segment_key = others.segment_key
    left join covered as left_out
        on
            left_out.kind = 'exclude'
            and covered.segment_key = left_out.other_segment_key
            and covered.other_segment_key = left_out.segment_key
    where
        covered.kind = 'include'
        and other_totals.exclude_count = coalesce(left_out.alternative_count, 0)
        and (definitions.scope <> 'all' or others.scope = 'all')

)

select * from contained
