-- Grain: one row per condition of the seed, trimmed, with what its attribute allows and an odd sign in its cells.
{%- set cells = ['segment_key', 'kind', 'alternative', 'attribute', 'operator', 'value', 'if_missing'] %}
{%- set quote = segment_odd_signs()['a curly quote'] %}
with conditions as (

    select
        coalesce(trim(segment_key), '') as segment_key,
        coalesce(lower(trim(kind)), '') as kind,
        coalesce(trim(alternative), '') as alternative,
        coalesce(trim(attribute), '') as attribute,
        coalesce(lower(trim(operator)), '') as operator,
        coalesce(trim(value), '') as value,
        coalesce(lower(trim(if_missing)), '') as if_missing,
        case
            {%- for name, signs in segment_odd_signs().items() %}
            {%- for cell in cells if not (cell == 'value' and name == 'a curly quote') %}
            when {{ regexp_keep(cell, signs) }} <> '' then '{{ cell }}|{{ name }}'
            {%- endfor %}
            {%- endfor %}
        end as odd_sign

    from {{ ref('segment_rule_conditions') }}

),

attributes as (

    select * from {{ ref('attribute_catalogue') }}

),

described as (

    select
        conditions.segment_key,
        conditions.kind,
        conditions.alternative,
        conditions.attribute,
        conditions.operator,
        conditions.value,
        conditions.if_missing,
        case
            when conditions.odd_sign is not null then conditions.odd_sign
            -- A text may well hold a curly apostrophe, but hardly begin or end with a quote.
            when
                {{ regexp_keep('conditions.value', quote) }} <> ''
                and (
                    coalesce(attributes.value_type, '') not in ('text', 'set')
                    or {{ regexp_keep('conditions.value', '(^|[|] *)' ~ quote ~ '|' ~ quote ~ '( *[|]|$)') }} <> ''
                )
                then 'value|a curly quote'
        end as odd_sign,
        case when conditions.attribute like 'segment:%' then trim(substr(conditions.attribute, 9)) end as member_of,
        case when conditions.attribute like 'segment:%' then 'segment' else attributes.value_type end as value_type,
        case
            when conditions.attribute like 'segment:%' then '{{ segment_operators('segment') | join('|') }}'
            else attributes.allowed_operators
        end as allowed_operators,
        attributes.attribute_name is not null or conditions.attribute like 'segment:%' as is_known_attribute,
        attributes.unit,
        attributes.lowest,
        attributes.highest,
        coalesce(attributes.null_meaning = 'never null', false) as is_never_null,
        attributes.value_type = 'date' or attributes.data_type in ('bigint', 'int', 'integer', 'smallint') as is_whole,
        conditions.operator in ('between', 'in', 'not_in', 'has_any', 'has_all', 'has_none') as takes_list,
        conditions.operator
        in ('is_null', 'is_not_null', 'is_true', 'is_false', 'is_member', 'is_not_member') as takes_no_value,
        trim(concat(
            conditions.segment_key, ', ', conditions.kind, ' ', conditions.alternative, ', ',
            conditions.attribute, ' ', conditions.operator, ' ', conditions.value
        )) as row_text

    from conditions
    left join attributes
        on conditions.attribute = attributes.attribute_name

),

keyed as (

    select
        *,
        concat(row_text, ' ', if_missing) as condition_key

    from described

)

select * from keyed
