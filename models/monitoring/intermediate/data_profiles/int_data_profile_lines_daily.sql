-- Grain: one row per business day and measure of order lines and of refunds.
-- A view: read once, so there is nothing to gain from storing it.
{{ config(materialized='view') }}

with lines as (

    select
        lines.ordered_date as profile_date,
        count(*) as line_count,
        sum(case when lines.is_promoted then 1 else 0 end) as promoted_count,
        sum(case when products.sku is null then 1 else 0 end) as unknown_sku_count

    from {{ ref('int_order_lines') }} as lines
    left join {{ ref('int_products') }} as products
        on lines.sku = products.sku
    where lines.line_type = 'product' and {{ within_window('lines.ordered_date', profile_days()) }}
    group by lines.ordered_date

),

refunds as (

    select
        returned_date as profile_date,
        count(*) as refund_count

    from {{ ref('int_returns') }}
    where {{ within_window('returned_date', profile_days()) }}
    group by returned_date

),

-- A day with refunds and no sales has no lines to divide by, but still counts in the week.
days as (

    select profile_date from lines
    union distinct
    select profile_date from refunds

),

-- Without a catalogue no product can be missing from it.
catalogue as (

    select count(*) as product_count from {{ ref('int_products') }}

),

joined as (

    select
        days.profile_date,
        coalesce(lines.line_count, 0) as line_count,
        case when catalogue.product_count > 0 then coalesce(lines.line_count, 0) else 0 end as compared_count,
        coalesce(lines.promoted_count, 0) as promoted_count,
        case when catalogue.product_count > 0 then coalesce(lines.unknown_sku_count, 0) else 0 end as unknown_sku_count,
        coalesce(refunds.refund_count, 0) as refund_count

    from days
    cross join catalogue
    left join lines
        on days.profile_date = lines.profile_date
    left join refunds
        on days.profile_date = refunds.profile_date

),

measures as (

    {{ profile_measures('joined', 'lines', "'all'", [
        ('line_count', 'count', 'line_count', 'line_count'),
        ('promoted_share', 'share', 'promoted_count', 'line_count'),
        ('unknown_sku_share', 'share', 'unknown_sku_count', 'compared_count'),
        ('refunds_per_line', 'rate', 'refund_count', 'line_count')
    ]) }}

)

select * from measures
