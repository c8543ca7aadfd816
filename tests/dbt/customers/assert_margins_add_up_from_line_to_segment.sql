-- Every money column of the margin adds up, to the cent: the lines of an order to the order; the orders of a customer,
-- with returns and tickets without an order, to the customer; the days to the customer as well; the members to the
-- segment, in all history and in the last 365 days. Net revenue and margin equal their parts in every row.
{{ config(group='customers') }}
{%- set amounts = margin_amounts() %}
{%- set segment_columns = {'': amounts, '_365d': []} %}
{%- for amount in amounts %}{% do segment_columns['_365d'].append(amount ~ '_365d as ' ~ amount) %}{% endfor %}
with lines as (

    select
        order_id as record_id,
        {{ sums_of(amounts) }}
    from {{ ref('order_line_margins') }}
    group by order_id

),

orders as (

    select
        order_id as record_id,
        {{ sums_of(amounts) }}
    from {{ ref('order_margins') }}
    group by order_id

),

-- A customer's returns and tickets without an order are taken from their own cost models.
pieces as (

    select
        customer_id,
        {{ sums_of(amounts) }}
    from {{ ref('order_margins') }}
    where customer_id is not null
    group by customer_id

    union all

    select
        customer_id,
        {{ amounts_or_zero(amounts, {
            'returns_amount': 'returns_amount', 'net_revenue': '-returns_amount',
            'return_handling_cost': 'return_handling_cost',
            'contribution_margin': '-returns_amount - return_handling_cost'
        }) }}
    from {{ ref('int_return_costs') }}
    where order_id is null and customer_id is not null

    union all

    select
        customer_id,
        {{ amounts_or_zero(amounts, {'service_cost': 'service_cost', 'contribution_margin': '-service_cost'}) }}
    from {{ ref('int_ticket_costs') }}
    where order_id is null and customer_id is not null

),

customers_from_orders as (

    select
        customer_id as record_id,
        {{ sums_of(amounts) }}
    from pieces
    group by customer_id

),

customers_from_days as (

    select
        customer_id as record_id,
        {{ sums_of(amounts) }}
    from {{ ref('int_customer_margin_daily') }}
    group by customer_id

),

customers as (

    select
        customer_id as record_id,
        {{ sums_of(amounts) }}
    from {{ ref('customer_margin') }}
    group by customer_id

),

{% for window in ['', '_365d'] %}
members{{ window }} as (

    select
        memberships.segment_key as record_id,
        {{ sums_of(amounts, 'money') }}
    from {{ ref('segment_memberships') }} as memberships
    inner join {{ ref('int_customer_margin_daily') if window else ref('customer_margin') }} as money
        on memberships.customer_id = money.customer_id
    where {{ within_window('money.activity_date', 365) if window else 'true' }}
    group by memberships.segment_key

),

segments{{ window }} as (

    select
        segment_key as record_id,
        {{ segment_columns[window] | join(', ') }}
    from {{ ref('segment_margin') }}

),

{% endfor %}
compared as (

    {% for hop, parts, whole in [
        ('lines to order', 'lines', 'orders'), ('orders to customer', 'customers_from_orders', 'customers'),
        ('days to customer', 'customers_from_days', 'customers'), ('members to segment', 'members', 'segments'),
        ('members to segment, 365 days', 'members_365d', 'segments_365d')
    ] %}
    {% for amount in amounts %}
    select
        '{{ hop }}' as hop,
        '{{ amount }}' as amount,
        coalesce(parts.record_id, whole.record_id) as record_id,
        parts.{{ amount }} as parts_amount,
        whole.{{ amount }} as whole_amount
    from {{ parts }} as parts
    full outer join {{ whole }} as whole
        on parts.record_id = whole.record_id
    where coalesce(parts.{{ amount }}, 0) <> coalesce(whole.{{ amount }}, 0) or whole.{{ amount }} is null

    union all
    {% endfor %}
    {% endfor %}

    {% for relation in ['lines', 'orders', 'customers', 'segments', 'segments_365d'] %}
    select
        'within {{ relation }}' as hop,
        'contribution_margin' as amount,
        record_id,
        gross_revenue - discounts - returns_amount + shipping_revenue - cogs - shipping_cost - payment_fees
        - marketplace_fees - return_handling_cost - service_cost as parts_amount,
        contribution_margin as whole_amount
    from {{ relation }}
    where gross_revenue - discounts - returns_amount + shipping_revenue <> net_revenue
        or gross_revenue - discounts - returns_amount + shipping_revenue - cogs - shipping_cost - payment_fees
        - marketplace_fees - return_handling_cost - service_cost <> contribution_margin
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from compared
