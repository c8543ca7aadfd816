-- Grain: one row per till receipt with a line that is held back, or with amounts below zero that may be mistakes.
{{ config(materialized='view') }}

-- Lines that a rule holds back, without a good version.
with held_lines as (

    select
        {{ regexp_replace_all('violations.record_key', '[|][^|]*$', '') }} as source_order_id,
        count(distinct violations.record_key) as held_line_count

    from {{ ref('int_pos__violations') }} as violations
    left join {{ ref('stg_pos__receipt_lines') }} as kept
        on violations.record_key = concat_ws('|', kept.source_order_id, cast(kept.line_number as {{ dbt.type_string() }}))
    where violations.table_name = 'receipt_line' and violations.is_blocking and kept.source_order_id is null
    group by 1

),

-- The tax of goods sold is not negative, nor that of goods given back positive; a negative discount is a mistake.
amounts as (

    select
        source_order_id,
        tax_amount,
        cast(0 as decimal(18, 4)) as discount_amount,
        total_amount as goods_amount,
        total_amount < 0 as is_negative

    from {{ ref('stg_pos__receipts') }}

    union all

    select
        source_order_id,
        tax_amount,
        discount_amount,
        unit_price * quantity,
        line_type = 'product' and unit_price < 0 and quantity > 0

    from {{ ref('stg_pos__receipt_lines') }}

),

signs as (

    select
        source_order_id,
        sum(
            case
                when tax_amount < 0 and goods_amount > 0 then -tax_amount
                when tax_amount > 0 and goods_amount < 0 then tax_amount
                else 0
            end
            + case when discount_amount < 0 and goods_amount > 0 then -discount_amount else 0 end
        ) as wrong_sign_amount,
        max(case when is_negative then 1 else 0 end) = 1 as has_negative_amount

    from amounts
    group by source_order_id

),

faults as (

    select
        concat_ws('', 'pos:', signs.source_order_id) as order_id,
        coalesce(held_lines.held_line_count, 0) as held_line_count,
        signs.wrong_sign_amount,
        signs.has_negative_amount

    from signs
    left join held_lines
        on signs.source_order_id = held_lines.source_order_id
    where held_lines.held_line_count is not null or signs.wrong_sign_amount > 0 or signs.has_negative_amount

)

select * from faults
