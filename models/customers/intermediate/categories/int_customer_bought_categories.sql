-- Grain: one row per customer who bought and kept a product of a category: those categories as sets joined by |.
with lines as (

    select
        customer_id,
        ordered_date,
        -- The sign that joins a set cannot be part of an item of it.
        replace(category, '|', '/') as category

    from {{ ref('order_lines') }}
    where
        is_counted
        and line_type = 'product'
        and customer_id is not null
        and category is not null
        and quantity > returned_units

),

sets as (

    select
        customer_id,
        {{ sorted_text_list('category', '|') }} as bought_categories,
        {{ sorted_text_list('case when ' ~ within_window('ordered_date', 365) ~ ' then category end', '|') }}
            as bought_categories_365d

    from lines
    group by customer_id

)

select * from sets
