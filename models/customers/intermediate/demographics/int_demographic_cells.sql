-- Grain: one row per pair of dimensions and of their shown values, even if no customer has both. Nothing is hidden.
with groups as (

    select * from {{ ref('int_demographic_groups') }}

),

shown as (

    select * from {{ ref('int_demographic_values') }}

),

shown_values as (

    select distinct
        dimension,
        shown_value

    from shown

),

tables as (
    {%- for dimension, other_dimension in demographic_pairs() %}
    select
        '{{ dimension }}' as dimension,
        '{{ other_dimension }}' as other_dimension
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

counted as (

    {% for dimension, other_dimension in demographic_pairs() -%}
    select
        '{{ dimension }}' as dimension,
        '{{ other_dimension }}' as other_dimension,
        these.shown_value as value,
        those.shown_value as other_value,
        sum(groups.customer_count) as customer_count,
        sum(groups.buyer_count) as buyer_count,
        sum(groups.net_revenue_365d) as net_revenue_365d
    from groups
    inner join shown as these
        on these.dimension = '{{ dimension }}' and groups.{{ dimension }} = these.value
    inner join shown as those
        on those.dimension = '{{ other_dimension }}' and groups.{{ other_dimension }} = those.value
    group by these.shown_value, those.shown_value
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

cells as (

    select
        concat_ws('', tables.dimension, '|', tables.other_dimension) as table_key,
        these.shown_value as row_value,
        those.shown_value as col_value,
        tables.dimension,
        tables.other_dimension,
        coalesce(counted.customer_count, 0) as customer_count,
        coalesce(counted.buyer_count, 0) as buyer_count,
        coalesce(counted.net_revenue_365d, 0) as net_revenue_365d

    from tables
    inner join shown_values as these
        on tables.dimension = these.dimension
    inner join shown_values as those
        on tables.other_dimension = those.dimension
    left join counted
        on
            tables.dimension = counted.dimension
            and tables.other_dimension = counted.other_dimension
            and these.shown_value = counted.value
            and those.shown_value = counted.other_value

)

select * from cells
