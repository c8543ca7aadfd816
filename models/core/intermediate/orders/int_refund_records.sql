-- Grain: one row per refund or returned line of staging, with why it is no refund of the model, if so.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with in_one_shape as (

    select
        case when return_id like 'returns:%' then 'returns' else 'shopify' end as source_system,
        return_id as record_id,
        order_id,
        refund_amount as amount,
        cast(null as {{ dbt.type_string() }}) as reason,
        returned_at as happened_at

    from {{ ref('int_returns_unioned') }}

),

-- A refunded line whose refund never came has neither order nor time.
without_refund as (

    select
        'shopify' as source_system,
        concat('shopify:', line_refunds.source_line_refund_id) as record_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        line_refunds.subtotal as amount,
        'refund not known' as reason,
        cast(null as {{ dbt.type_timestamp() }}) as happened_at

    from {{ ref('stg_shopify__order_line_refunds') }} as line_refunds
    left join {{ ref('stg_shopify__refunds') }} as refunds
        on line_refunds.source_refund_id = refunds.source_refund_id
    where refunds.source_refund_id is null

),

returned_goods as (

    select
        'returns' as source_system,
        concat('returns:', returned.return_id, ':', cast(returned.line_number as {{ dbt.type_string() }})) as record_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        returned.refund_amount as amount,
        'money in the shop''s own refund' as reason,
        returned.returned_at as happened_at

    from {{ ref('stg_returns__return_lines') }} as returned
    left join in_one_shape
        on concat('returns:', returned.return_id, ':', cast(returned.line_number as {{ dbt.type_string() }}))
            = in_one_shape.record_id
    where returned.refund_amount is null and in_one_shape.record_id is null

),

unioned as (

    select * from in_one_shape
    union all
    select * from without_refund
    union all
    select * from returned_goods

)

select * from unioned
