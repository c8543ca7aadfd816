-- Grain: one row per refunded or returned line, or refund without a line, in the currency it was paid in.
{{ config(materialized='view') }}

with shop_refunds as (

    select
        return_id,
        cast(null as {{ dbt.type_string() }}) as unlinked_profile_key,
        concat_ws('', 'shopify:', source_order_id) as order_id,
        line_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        cast(null as {{ dbt.type_string() }}) as currency,
        return_kind,
        quantity,
        refund_amount,
        reason_code,
        is_restocked,
        returned_at,
        refund_tax_amount,
        coalesce(exchange_order_ref, own_exchange_ref) as exchange_order_ref,
        is_cancellation

    from {{ ref('int_shopify_refunds') }}

),

-- Receipts on which goods were only given back; the tills do not say of which sale they were.
refund_receipts as (

    select order_id
    from {{ ref('int_order_lines_stated') }}
    where source_system = 'pos' and line_type = 'product'
    group by order_id
    having max(listed_amount) <= 0 and min(listed_amount) < 0

),

till_refunds as (

    select
        concat_ws('', 'refund:', lines.line_id) as return_id,
        lines.order_id as unlinked_profile_key,
        cast(null as {{ dbt.type_string() }}) as order_id,
        cast(null as {{ dbt.type_string() }}) as line_id,
        lines.sku,
        receipts.currency,
        -- What else such a receipt holds is a fee kept back, or a discount that is not given back.
        case when lines.line_type = 'product' then 'line' else 'correction' end as return_kind,
        case when lines.line_type = 'product' then -lines.quantity else 0 end as quantity,
        lines.discount_amount - lines.listed_amount
        + case when receipts.prices_include_tax then lines.tax_amount else 0 end as refund_amount,
        'unknown' as reason_code,
        false as is_restocked,
        receipts.ordered_at as returned_at,
        -lines.tax_amount as refund_tax_amount,
        cast(null as {{ dbt.type_string() }}) as exchange_order_ref,
        false as is_cancellation

    from {{ ref('int_order_lines_stated') }} as lines
    inner join refund_receipts
        on lines.order_id = refund_receipts.order_id
    inner join {{ ref('stg_pos__receipts') }} as receipts
        on lines.order_id = concat_ws('', 'pos:', receipts.source_order_id)
    where receipts.total_amount < 0 and receipts.status = 'completed' and lines.line_type <> 'gift_card'

),

-- Money of a web-shop return comes from the shop's own refund; goods exchanged without money have none.
return_lines as (

    select
        returned.*,
        case
            when returned.channel = 'marketplace' then 'marketplace'
            when returned.channel = 'online' and returned.refund_amount is null then 'shopify'
            else 'pos'
        end as source_system

    from {{ ref('stg_returns__return_lines') }} as returned
    left join {{ ref('stg_shopify__order_line_refunds') }} as line_refunds
        on returned.source_line_ref = line_refunds.source_line_id
            and returned.channel = 'online'
            and returned.refund_amount is null
    where returned.refund_amount is not null
        or (returned.exchange_order_ref is not null and line_refunds.source_line_id is null)

),

other_returns as (

    select
        concat_ws('', 'returns:', return_id, ':', cast(line_number as {{ dbt.type_string() }})) as return_id,
        case when source_order_id is null then concat_ws('', 'returns:', return_id) end as unlinked_profile_key,
        case when source_order_id is not null then concat_ws('', source_system, ':', source_order_id) end as order_id,
        case
            when source_line_ref is null then null
            when source_system = 'pos' then concat_ws('', 'pos:', source_order_id, ':', source_line_ref)
            else concat_ws('', source_system, ':', source_line_ref)
        end as line_id,
        sku,
        currency,
        'line' as return_kind,
        quantity,
        coalesce(refund_amount, 0) as refund_amount,
        reason_code,
        coalesce(is_restocked, false) as is_restocked,
        returned_at,
        coalesce(refund_tax_amount, 0) as refund_tax_amount,
        exchange_order_ref,
        false as is_cancellation

    from return_lines

),

unioned as (

    select * from shop_refunds
    union all
    select * from till_refunds
    union all
    select * from other_returns

)

select * from unioned
