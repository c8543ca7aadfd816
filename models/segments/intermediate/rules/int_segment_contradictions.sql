-- Grain: one row per pair of conditions of one alternative that cannot both hold.
with pairs as (

    select * from {{ ref('int_segment_condition_pairs') }}

),

clashes as (

    select * from {{ ref('int_segment_value_clashes') }}

),

found as (

    select
        pairs.segment_key,
        least(pairs.row_text, pairs.other_text) as row_text,
        -- The segment need not be named twice.
        substr(greatest(pairs.row_text, pairs.other_text), length(pairs.segment_key) + 3) as other_text

    from pairs
    left join clashes
        on
            pairs.condition_key = clashes.condition_key
            and pairs.other_key = clashes.other_key
    where
        (pairs.is_comparable and pairs.is_above)
        or clashes.condition_key is not null
        or (pairs.operator = 'is_null' and pairs.other_operator <> 'is_null' and pairs.other_if_missing <> 'true')
        or (pairs.operator = 'is_true' and pairs.other_operator = 'is_false')
        or (pairs.operator = 'is_member' and pairs.other_operator = 'is_not_member')

),

faults as (

    select distinct
        'segment_rule_conditions' as seed_name,
        segment_key,
        row_text,
        false as is_structural,
        concat('it cannot hold together with `', other_text, '`') as reason,
        'put the two into different alternatives, or delete one' as suggestion

    from found

)

select * from faults
