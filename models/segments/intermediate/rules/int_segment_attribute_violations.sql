-- Grain: one row per condition whose attribute or operator does not exist, or whose operator is not for its type.
with conditions as (

    select * from {{ ref('int_segment_conditions') }}
    where invalid_character is null

),

attributes as (

    select * from {{ ref('attribute_catalogue') }}

),

operators as (

    select * from {{ ref('segment_operators') }}

),

nearest_attributes as (

    select
        conditions.attribute,
        {{ nearest_name('lower(conditions.attribute)', 'attributes.attribute_name') }} as attribute_name

    from (
        select distinct attribute
        from conditions
        where not is_known_attribute
    ) as conditions
    cross join attributes
    where
        {{ name_distance('lower(conditions.attribute)', 'attributes.attribute_name') }}
        <= 0.4 * length(conditions.attribute)
    group by conditions.attribute

),

spellings as (

    select
        {{ split_to_rows("concat_ws('|', operator, spellings)") }} as word,
        operator,
        place

    from operators

),

-- Alternative spellings of an operator, with blanks for underscores; an exact name takes precedence.
meant_operators as (

    select
        conditions.operator,
        conditions.allowed_operators,
        min_by(
            spellings.operator,
            (case when spellings.word = spellings.operator then -1 else coalesce(spellings.place, 0) end, spellings.operator)
        ) filter (where spellings.operator is not null) as meant

    from conditions
    inner join spellings
        on
            replace(conditions.operator, ' ', '_') = spellings.word
            and {{ has_item_of('conditions.allowed_operators', 'spellings.operator') }}
    group by conditions.operator, conditions.allowed_operators

),

violations as (

    select
        conditions.segment_key,
        conditions.row_text,
        concat_ws('', '`', conditions.attribute, '` is not an attribute') as reason,
        coalesce(
            'did you mean `' || nearest_attributes.attribute_name || '`?',
            'attribute_catalogue lists all attributes'
        ) as suggestion

    from conditions
    left join nearest_attributes
        on conditions.attribute = nearest_attributes.attribute
    where not conditions.is_known_attribute

    union all

    select
        conditions.segment_key,
        conditions.row_text,
        concat_ws(
            '', 'operator `', conditions.operator, '` is not allowed for `', conditions.attribute, '`, which is a ',
            conditions.value_type
        ),
        case
            when conditions.value_type = 'boolean' and lower(conditions.value) in ('true', 'yes', '1', 'wahr', 'vrai')
                then 'write is_true and leave the column value empty'
            when conditions.value_type = 'boolean' and lower(conditions.value) in ('false', 'no', '0', 'falsch', 'faux')
                then 'write is_false and leave the column value empty'
            else concat_ws(
                    '', coalesce('did you mean `' || meant_operators.meant || '`? ', ''),
                    'use one of ', replace(conditions.allowed_operators, '|', ' ')
                )
        end

    from conditions
    left join meant_operators
        on
            conditions.operator = meant_operators.operator
            and conditions.allowed_operators = meant_operators.allowed_operators
    where
        conditions.is_known_attribute
        and not ({{ has_item_of('conditions.allowed_operators', 'conditions.operator') }})

)

select distinct * from violations
