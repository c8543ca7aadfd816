-- Grain: one row per product group and other product group bought in the same order: whether more often than by chance.
with lines as (

    select * from {{ ref('order_lines') }}
    where is_counted and line_type = 'product' and customer_id is not null

),

products as (

    select
        sku,
        product_group,
        list_price

    from {{ ref('int_products') }}

),

group_prices as (

    select
        product_group,
        avg(list_price) as average_price

    from products
    group by product_group

),

baskets as (

    select distinct
        lines.order_id,
        products.product_group

    from lines
    inner join products
        on lines.sku = products.sku
    inner join {{ ref('int_category_learners') }} as customers
        on lines.customer_id = customers.customer_id

),

basket_sizes as (

    select
        order_id,
        count(*) as group_count
    from baskets
    group by order_id

),

-- Only an order of several groups can hold a pair: among all orders, single items would hide what goes together.
mixed_baskets as (

    select baskets.*
    from baskets
    inner join basket_sizes
        on baskets.order_id = basket_sizes.order_id
    where basket_sizes.group_count > 1

),

group_counts as (

    select
        product_group,
        cast(count(*) as double) as basket_count
    from mixed_baskets
    group by product_group

),

total as (

    select cast(count(*) as double) as basket_count from basket_sizes
    where group_count > 1

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

-- Of the 2 x 2 table: the expected count of both, and its variance when the two have nothing to do with each other.
expected as (

    select
        pairs.product_group,
        pairs.related_group,
        pairs.both_count,
        own.basket_count,
        own.basket_count * other.basket_count / total.basket_count as expected_count,
        own.basket_count * other.basket_count / total.basket_count
        * (1 - own.basket_count / total.basket_count) * (1 - other.basket_count / total.basket_count) as count_variance,
        own_price.average_price > other_price.average_price as is_cheaper

    from pairs
    cross join total
    inner join group_counts as own
        on pairs.product_group = own.product_group
    inner join group_counts as other
        on pairs.related_group = other.product_group
    left join group_prices as own_price
        on pairs.product_group = own_price.product_group
    left join group_prices as other_price
        on pairs.related_group = other_price.product_group

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

judged as (

    select
        product_group,
        related_group,
        both_count / basket_count as confidence,
        both_count / expected_count as lift,
        p_value,
        {{ significant_by_benjamini_hochberg('p_value', 'p_rank', 'test_count') }} as is_significant,
        coalesce(is_cheaper, false) as is_cheaper
    from ranked

)

select * from judged
