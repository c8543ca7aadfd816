-- Grain: one row per customer, product and kind of recommendation, with its reason; products already owned are not
-- excluded yet. A main product bought longer ago than main_product_days no longer supports an add-on or an upgrade.
{{ config(materialized='view') }}

with replenish as (

    select
        due.customer_id,
        due.sku,
        due.due_in_days as place,
        concat_ws(
            '', 'last bought on ', due.last_ordered_date, ', used up ', case when due.due_in_days >= 0 then 'in ' end,
            abs(due.due_in_days), ' days', case when due.due_in_days < 0 then ' ago' end
        ) as reason
    from {{ ref('customer_replenishment') }} as due
    cross join {{ ref('int_attribute_limits') }} as limits
    where due.due_in_days <= limits.replenish_ahead_days
),

viewed as (

    select
        views.customer_id,
        views.sku,
        -count(*) as place,
        concat_ws(
            '', 'viewed ', case count(*) when 1 then 'once' else concat_ws('', count(*), ' times') end, ' in the last ',
            max(limits.recent_view_days), ' days, not bought'
        ) as reason
    from {{ ref('int_web_events') }} as views
    cross join {{ ref('int_attribute_limits') }} as limits
    where
        views.event_type = 'product_view' and views.customer_id is not null and views.sku is not null
        and {{ within_window('views.occurred_date', 'limits.recent_view_days') }}
    group by views.customer_id, views.sku

),

add_on as (

    select
        add_ons.customer_id,
        add_ons.missing_add_on_sku as sku,
        1 as place,
        concat_ws(
            '', 'goes with ', coalesce(products.product_name, add_ons.main_sku), ', bought on ',
            add_ons.main_ordered_date, case when not add_ons.is_stated then ', based on other customers'' orders' end
        ) as reason

    from {{ ref('int_customer_add_ons') }} as add_ons
    inner join {{ ref('int_products') }} as products
        on add_ons.main_sku = products.sku
    cross join {{ ref('int_attribute_limits') }} as limits
    where {{ within_window('add_ons.main_ordered_date', 'limits.main_product_days') }}
),

after_first_purchase as (

    select
        first.customer_id,
        second.sku,
        1 as place,
        concat_ws(
            '', cast(floor(100 * second.share_of_second_purchases + 0.5) as int), ' % of customers who started with ',
            first.category, ' and came back bought ', second.product_group, ' next'
        ) as reason

    from {{ ref('int_customer_categories') }} as first
    inner join {{ ref('int_customer_orders') }} as orders
        on first.customer_id = orders.customer_id
    inner join {{ ref('int_second_purchases') }} as second
        on first.category = second.category
    where orders.order_count = 1

),

cross_sell as (

    select
        next.customer_id,
        stocked.sku,
        1 as place,
        concat_ws('', 'best seller in ', next.next_best_category, ', the most likely next category') as reason

    from {{ ref('int_customer_next_category') }} as next
    inner join {{ ref('int_product_sales') }} as stocked
        on next.next_best_category = stocked.category and stocked.category_rank = 1

),

upgrade as (

    select
        bought.customer_id,
        stocked.sku,
        {{ days_between('bought.last_kept_date', as_of_date()) }} as place,
        concat_ws('', 'next price tier up from ', bought.product_name, ', bought on ', bought.last_kept_date) as reason

    from {{ ref('int_customer_products') }} as bought
    inner join {{ ref('stg_products__product_relations') }} as relations
        on bought.sku = relations.sku
            and relations.relation_type = 'upgrade'
    inner join {{ ref('int_product_sales') }} as stocked
        on relations.related_sku = stocked.sku
            and bought.list_price < stocked.list_price
    cross join {{ ref('int_attribute_limits') }} as limits
    where {{ within_window('bought.last_kept_date', 'limits.main_product_days') }}
),

candidates as (
    {% for kind in ['replenish', 'viewed', 'add_on', 'after_first_purchase', 'cross_sell', 'upgrade'] %}
    select
        {{ kind }}.*,
        '{{ kind }}' as kind,
        {{ loop.index }} as kind_place
    from {{ kind }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select distinct * from candidates
