-- Grain: one row per product group and other product group bought in the same order: whether more often than by chance.
with products as (

    select
        sku,
        product_group,
        avg(cast(list_price as double)) over (partition by product_group) as average_price
    from {{ ref('int_products') }}

),

baskets as (

    select
        lines.order_id,
        products.product_group,
        max(products.average_price) as average_price,
        count(*) over (partition by lines.order_id) as group_count

    from {{ ref('order_lines') }} as lines
    inner join products
        on lines.sku = products.sku
    inner join {{ ref('int_category_training_customers') }} as customers
        on lines.customer_id = customers.customer_id
    where lines.is_counted and lines.line_type = 'product'
    group by lines.order_id, products.product_group

),

-- Only an order with several groups can hold a pair; orders with one group would hide associations.
mixed_baskets as (

    select * from baskets
    where group_count > 1

),

groups as (

    select
        product_group,
        max(average_price) as average_price,
        cast(count(*) as double) as basket_count,
        (select cast(count(distinct mixed.order_id) as double) from mixed_baskets as mixed) as total_count
    from mixed_baskets
    group by product_group

),

pairs as (

    select
        main.product_group,
        other.product_group as related_group,
        cast(count(*) as double) as both_count

    from mixed_baskets as main
    inner join mixed_baskets as other
        on main.order_id = other.order_id
            and main.product_group <> other.product_group
    group by main.product_group, other.product_group

),

-- From the 2 x 2 table: the expected count of orders with both, and its variance, if the two are independent.
expected as (

    select
        pairs.*,
        own.basket_count,
        own.basket_count * other.basket_count / own.total_count as expected_count,
        own.basket_count * other.basket_count / own.total_count
        * (1 - own.basket_count / own.total_count) * (1 - other.basket_count / own.total_count) as count_variance,
        coalesce(own.average_price > other.average_price, false) as is_cheaper

    from pairs
    inner join groups as own
        on pairs.product_group = own.product_group
    inner join groups as other
        on pairs.related_group = other.product_group

),

tested as (

    select
        *,
        case
            when expected_count >= 5
                then {{ two_sided_p_value(corrected_z_score('both_count', 'expected_count', 'count_variance')) }}
        end as p_value

    from expected

),

ranked as (

    select
        *,
        case when p_value is not null then rank() over (order by p_value nulls last) end as p_rank,
        count(p_value) over () as test_count
    from tested

),

classified as (

    select
        product_group,
        related_group,
        both_count / basket_count as confidence,
        both_count / expected_count as lift,
        {{ significant_by_benjamini_hochberg('p_value', 'p_rank', 'test_count') }} as is_significant,
        is_cheaper
    from ranked

)

select * from classified
