-- Grain: one row per row of the approval log, with what is wrong with it. The hash is the same as in
-- scripts/segments/approval_log.py.
{%- set chained = [
    'segment_key', 'sequence', 'decision', 'rule_fingerprint', 'role', 'approved_by', 'approved_at', 'count_low',
    'count_high', 'previous_hash'
] %}
with logged as (

    select
        {%- for name in chained %}
        coalesce({{ name }}, '') as {{ name }},
        {%- endfor %}
        coalesce(row_hash, '') as row_hash,
        coalesce(approved_use, '') as approved_use

    from {{ ref('segment_approvals') }}

),

-- Every cell is prefixed by its length, so that no text can move to the next cell undetected.
worded as (

    select
        *,
        concat_ws(
            ''
            {%- for name in chained %},
            length({{ name }}), ':', {{ name }}
            {%- endfor %},
            case when approved_use <> '' then concat_ws('', length(approved_use), ':', approved_use) end
        ) as row_text

    from logged

),

hashed as (

    select
        *,
        {{ whole_number('sequence') }} as sequence_number,
        row_hash like 'hmac:%' as is_signed,
        {{ sha256_hash('row_text') }} as plain_hash

    from worded

),

linked as (

    select
        *,
        row_number() over (partition by segment_key order by sequence_number nulls last, row_hash) as chain_number,
        lag(row_hash) over (partition by segment_key order by sequence_number nulls last, row_hash) as hash_before,
        lag(is_signed) over (partition by segment_key order by sequence_number nulls last, row_hash) as is_signed_before

    from hashed

),

checked as (

    select
        segment_key,
        chain_number,
        sequence_number,
        decision,
        trim(rule_fingerprint) as rule_fingerprint,
        lower(trim(role)) as role,
        trim(approved_by) as approved_by,
        trim(approved_at) as approved_at,
        {{ whole_number('count_low') }} as count_low,
        {{ whole_number('count_high') }} as count_high,
        is_signed,
        trim(approved_use) as approved_use,
        case
            when not is_signed and row_hash <> plain_hash then 'it was changed after it was written'
            when sequence_number is null or sequence_number <> chain_number
                then 'a row before it was deleted, or it is listed twice'
            when previous_hash <> coalesce(hash_before, '') then 'it does not follow from the row before'
            when coalesce(is_signed_before, false) and not is_signed
                then 'it is not signed although those before it are'
        end as fault

    from linked

)

select * from checked
