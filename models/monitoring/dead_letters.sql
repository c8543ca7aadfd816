-- Grain: one row per dead letter, most money first. What it is and why, never its values.
with letters as (

    select * from {{ ref('int_dead_letters') }}

),

-- What a record of a kind is worth, where enough of them are known to say so.
accepted_amounts as (

    {% for tables, mart, amount in [
        (['shopify.order', 'pos.receipt', 'marketplace.order', 'web.order_completed'], 'orders', 'order_total'),
        (
            [
                'shopify.order_line', 'shopify.discount_allocation', 'shopify.tax_line', 'shopify.order_shipping_line',
                'pos.receipt_line', 'marketplace.order_item'
            ], 'order_lines', 'discounted_revenue'
        ),
        (['shopify.transaction', 'pos.receipt_payment'], 'order_payments', 'amount'),
        (
            ['shopify.order_line_refund', 'shopify.order_adjustment', 'returns.return_line'], 'returns',
            'returns_amount'
        )
    ] %}
    select
        '{{ tables | join('|') }}' as table_keys,
        max(abs({{ amount }})) as largest_amount,
        {{ to_cents('median(cast(abs(' ~ amount ~ ') as double))') }} as usual_amount

    from {{ ref(mart) }}
    where {{ amount }} <> 0
    having count(*) >= 100
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- More than ten times the largest amount of its kind is a mistake, and no measure of what depends on the record.
valued as (

    select
        letters.*,
        coalesce(letters.value_at_risk > 10 * accepted_amounts.largest_amount, false) as is_implausible,
        accepted_amounts.usual_amount

    from letters
    left join accepted_amounts
        on {{ has_item_of('accepted_amounts.table_keys', "concat_ws('', letters.source, '.', letters.table_name)") }}

),

plausible as (

    select
        valued.*,
        case when is_implausible then usual_amount else value_at_risk end as plausible_value,
        is_value_estimated or is_implausible as is_estimated

    from valued

),

final as (

    select
        source,
        case when record_key is not null then {{ keyed_hash('record_key') }} end as record_key,
        reason,
        severity,
        cast(plausible_value as decimal(18, 2)) as value_at_risk,
        table_name,
        rule_key,
        repair_hint,
        path,
        line_number,
        load_id,
        first_seen_at,
        last_seen_at,
        state,
        closed_at,
        closed_by,
        is_estimated as is_value_estimated,
        is_consequential,
        severity in ('reject', 'quarantine') and state = 'open' as is_held,
        cast(row_number() over (
            order by
                case when severity in ('reject', 'quarantine') and state = 'open' then 1 else 2 end,
                plausible_value desc nulls last,
                source,
                table_name,
                rule_key,
                path nulls last,
                line_number nulls last,
                record_key nulls last
        ) as bigint) as money_rank

    from plausible

)

select * from final
