-- Grain: one row per mix (of countries, channels, ...), value and period with an order in it; rare values grouped.
with orders as (

    select
        orders.channel,
        orders.currency,
        orders.ship_country_code,
        coalesce(orders.payment_method, payments.payment_method) as payment_method,
        {{ distribution_period('orders.ordered_date') }} as distribution_period

    from {{ ref('int_orders') }} as orders
    left join {{ ref('int_order_payment_totals') }} as payments
        on orders.order_id = payments.order_id
    where not coalesce(orders.is_test, false)
        and {{ within_window('orders.ordered_date', recent_days() + reference_days()) }}

),

-- An order with ten lines of one category counts once: lines of an order are not independent.
order_categories as (

    select distinct
        order_id,
        category,
        {{ distribution_period('ordered_date') }} as distribution_period

    from {{ ref('order_lines') }}
    where line_type = 'product'
        and {{ within_window('ordered_date', recent_days() + reference_days()) }}

),

counted as (

    {% for measure, column in [
        ('channel_mix', 'channel'), ('currency_mix', 'currency'), ('country_mix', 'ship_country_code'),
        ('payment_mix', 'payment_method')
    ] %}
    select
        '{{ measure }}' as measure,
        coalesce({{ column }}, 'none') as bin_name,
        distribution_period,
        count(*) as row_count

    from orders
    group by coalesce({{ column }}, 'none'), distribution_period

    union all

    {% endfor %}
    select
        'category_mix' as measure,
        coalesce(category, 'none') as bin_name,
        distribution_period,
        count(*) as row_count

    from order_categories
    group by coalesce(category, 'none'), distribution_period

),

with_share as (

    select
        *,
        row_count / cast(sum(row_count) over (partition by measure, distribution_period) as double) as share

    from counted

),

-- A value below 1 % of both periods is too rare to compare separately.
with_rank as (

    select
        *,
        max(share) over (partition by measure, bin_name) as largest_share

    from with_share

),

final as (

    select
        measure,
        distribution_period,
        case when largest_share >= 0.01 then bin_name else 'other' end as bin_name,
        sum(row_count) as row_count

    from with_rank
    group by measure, distribution_period, case when largest_share >= 0.01 then bin_name else 'other' end

)

select * from final
