-- Grain: one row per seed row of the segment seeds and violation of what their YAML declares, or text that no customer
-- has where one that some have is probably meant.
with declared as (

    {{ seed_violations_of('int_segment_cell_violations') }}

),

items as (

    select * from {{ ref('int_segment_value_items') }}
    where scale = 'text' and operator in ('=', '!=', 'in', 'not_in', 'has_any', 'has_all', 'has_none')

),

text_values as (

    {{ segment_text_values() }}

),

unseen as (

    select
        items.row_text,
        items.attribute,
        items.item,
        {{ nearest_name('items.item', 'text_values.shown_value') }} as nearest,
        {{ sorted_text_list('text_values.shown_value') }} as shown_values,
        count(*) as value_count,
        max(length(text_values.shown_value)) as longest,
        count(case when text_values.shown_value like '%,%' then 1 end) as comma_count,
        min(levenshtein(lower(items.item), lower(text_values.shown_value))) as distance

    from items
    inner join text_values
        on items.attribute = text_values.attribute
    group by items.row_text, items.attribute, items.item
    having count(case when items.item = text_values.shown_value then 1 end) = 0

),

-- A value that nobody has yet may be meant; one that is close to another, a list with commas, or a text where all others
-- are short codes, hardly.
meant_otherwise as (

    select
        'segment_rule_conditions' as seed_name,
        row_text,
        concat_ws('', 'no customer has `', item, '` as ', attribute) as reason,
        concat_ws(
            '',
            case
                when item like '%,%' then 'join several values with |; '
                when distance <= 2 then concat_ws('', 'did you mean `', nearest, '`? ')
            end,
            case when value_count <= 20 then concat_ws('', 'it is one of ', shown_values) end
        ) as suggestion,
        false as is_structural,
        true as is_warning

    from unseen
    where distance = 0
        or (distance <= 2 and length(item) > 4)
        or (item like '%,%' and comma_count = 0)
        or (longest <= 3 and length(item) > 3)

),

violations as (

    select
        seed_name,
        row_text,
        reason,
        suggestion,
        is_structural,
        false as is_warning

    from declared
    union all
    select * from meant_otherwise

)

select * from violations
