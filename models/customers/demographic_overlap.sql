-- Grain: one row per pair of dimensions and of their values, per value of one dimension, and for all people.
-- Cells of few people are hidden, and others with them, so that none can be calculated from the rest.
{%- set minimum = small_cell_minimum() %}
with groups as (

    select * from {{ ref('int_demographic_groups') }}

),

shown as (

    select * from {{ ref('int_demographic_values') }}

),

cells as (

    select * from {{ ref('int_demographic_cells') }}

),

hidden_cells as (

    select * from {{ ref('int_demographic_hidden_cells') }}

),

totals as (

    {% for dimension in demographic_dimensions() -%}
    select
        '{{ dimension }}' as dimension,
        shown.shown_value as value,
        sum(groups.customer_count) as customer_count,
        sum(groups.buyer_count) as buyer_count,
        sum(groups.net_revenue_365d) as net_revenue_365d
    from groups
    inner join shown
        on shown.dimension = '{{ dimension }}' and groups.{{ dimension }} = shown.value
    group by shown.shown_value
    union all
    {% endfor %}
    select
        'all' as dimension,
        'all' as value,
        sum(customer_count) as customer_count,
        sum(buyer_count) as buyer_count,
        sum(net_revenue_365d) as net_revenue_365d
    from groups
    having count(*) > 0

),

cells_and_totals as (

    select
        cells.dimension,
        cells.row_value as value,
        cells.other_dimension,
        cells.col_value as other_value,
        people.is_hidden as is_suppressed,
        people.is_hidden or revenue.is_hidden as is_revenue_suppressed,
        cells.customer_count,
        cells.buyer_count,
        cells.net_revenue_365d

    from cells
    {% for figure_kind in ['people', 'revenue'] -%}
    inner join hidden_cells as {{ figure_kind }}
        on cells.table_key = {{ figure_kind }}.table_key
            and cells.row_value = {{ figure_kind }}.row_value
            and cells.col_value = {{ figure_kind }}.col_value
            and {{ figure_kind }}.figure_kind = '{{ figure_kind }}'
    {% endfor %}
    union all

    select
        dimension,
        value,
        'all' as other_dimension,
        'all' as other_value,
        -- Only when there are few people in total.
        customer_count < {{ minimum }} as is_suppressed,
        {{ is_small_cell('customer_count', 'buyer_count', minimum) }} as is_revenue_suppressed,
        customer_count,
        buyer_count,
        net_revenue_365d

    from totals

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        dimension,
        value,
        other_dimension,
        other_value,
        is_suppressed,
        is_revenue_suppressed,
        cast(case when not is_suppressed then customer_count end as bigint) as customer_count,
        case
            when not is_suppressed
                then cast(customer_count as double) / (select sum(groups.customer_count) from groups)
        end as customer_share,
        cast(case when not is_revenue_suppressed then buyer_count end as bigint) as buyer_count_365d,
        cast(case when not is_revenue_suppressed then net_revenue_365d end as decimal(18, 2)) as net_revenue_365d

    from cells_and_totals

)

select * from final
