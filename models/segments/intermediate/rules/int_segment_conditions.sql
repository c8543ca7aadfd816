-- Grain: one row per condition of the seed, trimmed, with what its attribute allows and the first invalid character.
{%- set cells = ['segment_key', 'kind', 'alternative', 'attribute', 'operator', 'value', 'if_missing'] %}
{%- set quote = segment_invalid_characters()['a curly quote'] %}
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
            {%- for name, characters in segment_invalid_characters().items() %}
            {%- for cell in cells if not (cell == 'value' and name == 'a curly quote') %}
            when {{ regexp_keep(cell, characters) }} <> '' then '{{ cell }}|{{ name }}'
            {%- endfor %}
            {%- endfor %}
        end as invalid_character

    from {{ ref('segment_rule_conditions') }}

),

attributes as (

    select * from {{ ref('attribute_catalogue') }}

),

operators as (

    select * from {{ ref('segment_operators') }}

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
            when conditions.invalid_character is not null then conditions.invalid_character
            -- A text may contain a curly apostrophe, but is unlikely to begin or end with a quote.
            when
                {{ regexp_keep('conditions.value', quote) }} <> ''
                and (
                    coalesce(attributes.value_type, '') not in ('text', 'set')
                    or {{ regexp_keep('conditions.value', '(^|[|] *)' ~ quote ~ '|' ~ quote ~ '( *[|]|$)') }} <> ''
                )
                then 'value|a curly quote'
        end as invalid_character,
        case when conditions.attribute like 'segment:%' then trim(substr(conditions.attribute, 9)) end as member_of,
        case when conditions.attribute like 'segment:%' then 'segment' else attributes.value_type end as value_type,
        case
            when conditions.attribute like 'segment:%' then '{{ segment_operators_for('segment') | join('|') }}'
            else attributes.allowed_operators
        end as allowed_operators,
        attributes.attribute_name is not null or conditions.attribute like 'segment:%' as is_known_attribute,
        attributes.unit,
        attributes.lowest,
        attributes.highest,
        coalesce(attributes.null_meaning = 'never null', false) as is_never_null,
        attributes.value_type = 'date' or attributes.data_type in ('bigint', 'int', 'integer', 'smallint') as is_whole,
        operators.place as operator_place,
        coalesce(operators.takes, '') as takes,
        coalesce(operators.takes, '') in ('two', 'several') as takes_list,
        coalesce(operators.takes, '') = 'none' as takes_no_value,
        split_part(operators.comparison, '|', 1) as comparison,
        coalesce(nullif(split_part(operators.comparison, '|', 2), ''), operators.comparison) as last_comparison,
        coalesce(operators.combine, '') as combine,
        coalesce(operators.is_negated, false) as is_negated,
        operators.missing_value,
        operators.opposite,
        trim(concat_ws(
            '', conditions.segment_key, ', ', conditions.kind, ' ', conditions.alternative, ', ',
            conditions.attribute, ' ', conditions.operator, ' ', conditions.value
        )) as row_text

    from conditions
    left join attributes
        on conditions.attribute = attributes.attribute_name
    left join operators
        on conditions.operator = operators.operator

),

keyed as (

    select
        *,
        concat_ws('', row_text, ' ', if_missing) as condition_key

    from described

)

select * from keyed
