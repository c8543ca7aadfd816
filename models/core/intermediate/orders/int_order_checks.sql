-- Grain: one row per order or refund and arithmetic check: the difference between the two sides.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with orders as (

    select
        sums.*,
        case when sums.source_system = 'pos' then 'receipt' else 'order' end as table_name,
        faults.held_line_count,
        faults.wrong_sign_amount,
        faults.has_negative_amount

    from {{ ref('int_order_sums') }} as sums
    left join {{ ref('int_till_receipt_faults') }} as faults
        on sums.order_id = faults.order_id
    where sums.stated_total is not null

),

return_keys as (

    select
        concat_ws('', 'returns:', return_id, ':', cast(line_number as {{ dbt.type_string() }})) as return_id,
        concat_ws('', return_id, '|', cast(line_number as {{ dbt.type_string() }})) as record_key

    from {{ ref('stg_returns__return_lines') }}

),

-- Cumulative refunds of the order, up to and including each.
refund_sums as (

    select
        case when return_keys.record_key is not null then 'returns' else 'shopify' end as source_name,
        case
            when return_keys.record_key is not null then 'return_line'
            when refunds.return_id like 'shopify:adjustment:%' then 'order_adjustment'
            else 'order_line_refund'
        end as table_name,
        coalesce(
            return_keys.record_key,
            replace(replace(refunds.return_id, 'shopify:adjustment:', ''), 'shopify:', '')
        ) as record_key,
        orders.order_id,
        refunds.return_id,
        orders.channel,
        orders.currency,
        refunds.refund_amount,
        orders.net_total,
        sum(refunds.refund_amount) over (
            partition by refunds.order_id order by refunds.returned_at nulls last, refunds.return_id
        ) as cumulative_refund

    from {{ ref('int_returns_unioned') }} as refunds
    inner join {{ ref('int_order_sums') }} as orders
        on refunds.order_id = orders.order_id
    left join return_keys
        on refunds.return_id = return_keys.return_id
    where
        refunds.refund_amount is not null
        -- Money in another currency cannot be compared with the order to the penny.
        and coalesce(refunds.currency, orders.currency) = orders.currency

),

checks as (

    select
        source_system as source_name,
        table_name,
        source_order_id as record_key,
        'lines_against_total' as check_name,
        abs(computed_total - stated_total) as difference,
        abs(stated_total) as amount,
        order_id,
        cast(null as {{ dbt.type_string() }}) as return_id,
        channel,
        currency

    from orders
    where line_count > 0

    {% for check_name, difference, condition in [
        (
            'payments_against_total', 'abs(paid_amount + exchange_credit_amount - stated_total)',
            'paid_amount is not null and is_sale'
        ),
        ('lines_held_back', 'held_line_count', 'held_line_count > 0'),
        ('amounts_of_wrong_sign', 'wrong_sign_amount', 'wrong_sign_amount > 0'),
        (
            'negative_amounts_against_total', 'abs(computed_total - stated_total)',
            'has_negative_amount and line_count > 0'
        )
    ] %}
    union all

    select
        source_system,
        table_name,
        source_order_id,
        '{{ check_name }}',
        {{ difference }},
        abs(stated_total),
        order_id,
        null,
        channel,
        currency

    from orders
    where {{ condition }}

    {% endfor %}
    union all

    select
        source_name,
        table_name,
        record_key,
        'refunds_against_order',
        cumulative_refund - net_total,
        abs(refund_amount),
        order_id,
        return_id,
        channel,
        currency

    from refund_sums
    where refund_amount > 0

)

select * from checks
