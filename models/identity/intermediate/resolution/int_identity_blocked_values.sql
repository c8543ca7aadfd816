-- Grain: one row per identifier that links no one: a placeholder by the seed's patterns, or blocked by hand.
with identifiers as (

    select distinct
        identifier_type,
        identifier_value,
        shown_value

    from {{ ref('int_identity_identifiers') }}

),

decisions as (

    select * from {{ ref('int_identity_decisions') }}
    where action = 'block'

),

-- The patterns of a type as one constant: a pattern read row by row would be compiled again for every value.
blocked as (

    {% for type in identifier_types() -%}
    {%- set patterns = blocked_patterns(type) -%}
    {%- if patterns -%}
    select
        identifier_type,
        identifier_value,
        'placeholder' as reason

    from identifiers
    where identifier_type = '{{ type }}'
        and regexp_extract(shown_value, {{ text_literal('(' ~ patterns | join(')|(') ~ ')') }}, 0) <> ''

    union all

    {% endif -%}
    {%- endfor -%}
    select
        identifiers.identifier_type,
        identifiers.identifier_value,
        'blocked_by_hand' as reason

    from identifiers
    inner join decisions
        on identifiers.identifier_type = decisions.identifier_type
            and identifiers.shown_value = decisions.identifier_value

),

deduplicated as (

    select
        identifier_type,
        identifier_value,
        -- A manual decision takes precedence over a pattern.
        min(reason) as reason

    from blocked
    group by identifier_type, identifier_value

)

select * from deduplicated
