-- Grain: one row per customer with an order that counts: counts, dates, values, choices and habits.
{%- set dayparts = {'night': [0, 5], 'morning': [6, 11], 'afternoon': [12, 17], 'evening': [18, 23]} %}
with orders as (

    select
        orders.*,
        gross_revenue - discounts as order_value,
        -- A markdown on one small line does not make an order promoted.
        gross_revenue > 0 and discounts >= {{ var('promoted_order_discount') }} * gross_revenue as is_promoted_order,
        {{ weekday_number('ordered_date') }} as order_weekday,
        {{ business_hour('ordered_at') }} as order_hour,
        -- How often the channel and payment method are chosen; among ties, the one chosen last wins.
        count(*) over (partition by customer_id, channel) * 1000000 + customer_order_number as channel_weight,
        count(*) over (partition by customer_id, payment_method) * 1000000 + customer_order_number
            as payment_method_weight

    from {{ ref('orders') }} as orders
    where is_counted and customer_order_number is not null

),

counted as (

    select
        customer_id,
        count(*) as order_count,
        {% for days in [30, 90, 180, 365, 730] %}
        sum(case when {{ within_window('ordered_date', days) }} then 1 else 0 end) as order_count_{{ days }}d,
        {% endfor %}
        count(distinct ordered_date) as order_day_count,
        min(ordered_date) as first_order_date,
        max(ordered_date) as last_order_date,
        sum(order_value) as order_value,
        sum(case when {{ within_window('ordered_date', 365) }} then order_value end) as order_value_365d,
        max(order_value) as highest_order_value,
        max_by(order_value, (customer_order_number, order_id)) filter (where order_value is not null)
            as last_order_value,
        sum(case when channel = 'store' then 1 else 0 end) as store_order_count,
        count(distinct channel) as order_channel_count,
        max_by(channel, (channel_weight, channel)) filter (where channel is not null) as preferred_order_channel,
        max(case when customer_order_number = 1 then channel end) as first_order_channel,
        max_by(payment_method, (payment_method_weight, payment_method)) filter (where payment_method is not null)
            as preferred_payment_method,
        sum(case when returned_unit_count > 0 then 1 else 0 end) as returned_order_count,
        -- A goodwill refund, with the goods kept, does not count.
        bool_or(customer_order_number = 1 and returned_unit_count > 0) as first_order_is_refunded,
        sum(gross_revenue) as gross_revenue,
        sum(discounts) as discounts,
        sum(case when is_promoted_order then 1 else 0 end) as promoted_order_count,
        bool_or(customer_order_number = 1 and is_promoted_order) as first_order_is_promoted,
        {% for number in range(1, 8) %}
        sum(case when order_weekday = {{ number }} then 1 else 0 end) as weekday_{{ number }}_count,
        {% endfor %}
        {% for name, hours in dayparts.items() %}
        sum(case when order_hour between {{ hours[0] }} and {{ hours[1] }} then 1 else 0 end) as {{ name }}_count,
        {% endfor %}
        sum(unit_count) as unit_count,
        sum(returned_unit_count) as returned_unit_count

    from orders
    group by customer_id

),

-- Among ties, the earliest in the week or day.
with_habits as (

    select
        counted.*,
        {%- set weekdays = [] %}
        {%- for number in range(1, 8) %}{% do weekdays.append('weekday_' ~ number ~ '_count') %}{% endfor %}
        case greatest({{ weekdays | join(', ') }})
            {% for name in weekdays %}
            when {{ name }} then {{ loop.index }}
            {% endfor %}
        end as favourite_order_weekday,
        {%- set parts = [] %}
        {%- for name in dayparts %}{% do parts.append(name ~ '_count') %}{% endfor %}
        case greatest({{ parts | join(', ') }})
            {% for name in dayparts %}
            when {{ name }}_count then '{{ name }}'
            {% endfor %}
        end as favourite_order_daypart

    from counted

)

select * from with_habits
