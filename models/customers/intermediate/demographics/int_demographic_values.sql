-- Grain: one row per dimension and value that some person has, and the value as which it is shown.
with counts as (

    {% for dimension in demographic_dimensions() -%}
    select
        '{{ dimension }}' as dimension,
        {{ dimension }} as value,
        sum(customer_count) as customer_count,
        sum(buyer_count) as buyer_count
    from {{ ref('int_demographic_groups') }}
    group by {{ dimension }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

shown as (

    {{ merged_small_values('counts', small_cell_minimum(), 'small groups together') }}

)

select * from shown
