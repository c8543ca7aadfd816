-- Grain: one row per condition of the seed, trimmed, with what its attribute allows.
with conditions as (

    select
        coalesce(trim(segment_key), '') as segment_key,
        coalesce(lower(trim(kind)), '') as kind,
        coalesce(trim(alternative), '') as alternative,
        coalesce(trim(attribute), '') as attribute,
        coalesce(lower(trim(operator)), '') as operator,
        coalesce(trim(value), '') as value,
        coalesce(lower(trim(if_missing)), '') as if_missing

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
        attributes.value_type,
        attributes.allowed_operators,
        attributes.attribute_name is not null as is_known_attribute,
        conditions.operator in ('between', 'in', 'not_in') as takes_list,
        conditions.operator in ('is_null', 'is_not_null', 'is_true', 'is_false') as takes_no_value,
        trim(concat(
            conditions.segment_key, ', ', conditions.kind, ' ', conditions.alternative, ', ',
            conditions.attribute, ' ', conditions.operator, ' ', conditions.value
        )) as row_text

    from conditions
    left join attributes
        on conditions.attribute = attributes.attribute_name

)

select * from described
