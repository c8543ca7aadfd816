-- Every money column of the margin, to the cent: the lines of an order make the order; the orders of a customer, with
-- returns and tickets of no order, make the customer; the days make the customer too; the members make the segment, in
-- all history and in the last 365 days. Net revenue and margin follow from their parts in every row.
{%- set amounts = margin_amounts() %}
with lines as (

    select
        order_id as record_id,
        {%- for amount in amounts %}
        sum({{ amount }}) as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('order_line_margins') }}
    group by order_id

),

orders as (

    select
        order_id as record_id,
        {{ amounts | join(', ') }}
    from {{ ref('order_margins') }}

),

-- Without order, an amount is taken from the marts themselves: what of a customer's returns and tickets no order has.
pieces as (

    select
        customer_id,
        {{ amounts | join(', ') }}
    from {{ ref('order_margins') }}
    where customer_id is not null

    union all

    select
        customer_id,
        0, 0, returns_amount, 0, -returns_amount, 0, 0, 0, 0, return_handling_cost, 0,
        -returns_amount - return_handling_cost
    from {{ ref('int_return_costs') }}
    where order_id is null and customer_id is not null

    union all

    select
        customer_id,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, service_cost, -service_cost
    from {{ ref('int_ticket_costs') }}
    where order_id is null and customer_id is not null

),

customers_from_orders as (

    select
        customer_id as record_id,
        {%- for amount in amounts %}
        sum({{ amount }}) as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from pieces
    group by customer_id

),

customers_from_days as (

    select
        customer_id as record_id,
        {%- for amount in amounts %}
        sum({{ amount }}) as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_customer_margin_daily') }}
    group by customer_id

),

customers as (

    select
        customer_id as record_id,
        {{ amounts | join(', ') }}
    from {{ ref('customer_margin') }}

),

{% for window in ['', '_365d'] %}
members{{ window }} as (

    select
        memberships.segment_key as record_id,
        {%- for amount in amounts %}
        sum(money.{{ amount }}) as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('segment_memberships') }} as memberships
    {%- if window %}
    inner join {{ ref('int_customer_margin_daily') }} as money
        on memberships.customer_id = money.customer_id
            and {{ within_window('money.activity_date', 365) }}
    {%- else %}
    inner join {{ ref('customer_margin') }} as money
        on memberships.customer_id = money.customer_id
    {%- endif %}
    group by memberships.segment_key

),

segments{{ window }} as (

    select
        segment_key as record_id,
        {%- for amount in amounts %}
        {{ amount }}{{ window }} as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('segment_margin') }}

),

{% endfor %}
compared as (

    {%- for hop, parts, whole in [
        ('lines to order', 'lines', 'orders'), ('orders to customer', 'customers_from_orders', 'customers'),
        ('days to customer', 'customers_from_days', 'customers'), ('members to segment', 'members', 'segments'),
        ('members to segment, 365 days', 'members_365d', 'segments_365d')
    ] %}
    {%- set hop_loop = loop %}
    {%- for amount in amounts %}
    select
        '{{ hop }}' as hop,
        '{{ amount }}' as amount,
        coalesce(parts.record_id, whole.record_id) as record_id,
        parts.{{ amount }} as of_parts,
        whole.{{ amount }} as of_whole
    from {{ parts }} as parts
    full outer join {{ whole }} as whole
        on parts.record_id = whole.record_id
    where coalesce(parts.{{ amount }}, 0) <> coalesce(whole.{{ amount }}, 0)
        or whole.{{ amount }} is null
    {{ 'union all' if not (loop.last and hop_loop.last) }}
    {%- endfor %}
    {%- endfor %}

    {%- for relation in ['lines', 'orders', 'customers', 'segments', 'segments_365d'] %}

    union all

    select
        'within {{ relation }}' as hop,
        'contribution_margin' as amount,
        record_id,
        gross_revenue - discounts - returns_amount + shipping_revenue - cogs - shipping_cost - payment_fees
        - marketplace_fees - return_handling_cost - service_cost as of_parts,
        contribution_margin as of_whole
    from {{ relation }}
    where gross_revenue - discounts - returns_amount + shipping_revenue <> net_revenue
        or gross_revenue - discounts - returns_amount + shipping_revenue - cogs - shipping_cost - payment_fees
        - marketplace_fees - return_handling_cost - service_cost <> contribution_margin
    {%- endfor %}

)

select * from compared
