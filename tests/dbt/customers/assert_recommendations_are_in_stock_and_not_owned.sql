-- Recommendations of products that are not in stock, that rank below fifth, or that the customer bought within a year
-- unless for replenishment.
select
    recommendations.customer_id,
    recommendations.sku,
    recommendations.kind,
    recommendations.recommendation_rank,
    products.is_in_stock,
    max(lines.ordered_date) as last_ordered_date

from {{ ref('customer_recommendations') }} as recommendations
left join {{ ref('products') }} as products
    on recommendations.sku = products.sku
left join {{ ref('order_lines') }} as lines
    on recommendations.customer_id = lines.customer_id
        and recommendations.sku = lines.sku
        and lines.is_counted
        and {{ within_window('lines.ordered_date', 365) }}
group by
    recommendations.customer_id, recommendations.sku, recommendations.kind,
    recommendations.recommendation_rank, products.is_in_stock
having
    not coalesce(products.is_in_stock, false)
    or recommendations.recommendation_rank not between 1 and 5
    or (recommendations.kind <> 'replenish' and max(lines.ordered_date) is not null)
