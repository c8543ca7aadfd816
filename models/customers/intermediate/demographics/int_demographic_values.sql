-- Grain: one row per dimension and value that occurs, with the value under which it is shown: small ones are combined,
-- together with the next larger ones until the combined group is not small, so that every total can be shown.
{%- set minimum = small_cell_minimum() %}
with counted as (

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

marked as (

    select
        *,
        {{ is_small_cell('customer_count', 'buyer_count', minimum) }} as is_small
    from counted

),

-- Running totals of all smaller values, small cells first.
summed as (

    select
        dimension,
        value,
        is_small,
        bool_or(is_small) over (partition by dimension) as has_small,
        coalesce(sum(customer_count) over smaller, 0) as smaller_customers,
        coalesce(sum(buyer_count) over smaller, 0) as smaller_buyers

    from marked
    window smaller as (
        partition by dimension
        order by case when is_small then 0 else 1 end, customer_count, value
        rows between unbounded preceding and 1 preceding
    )

),

shown as (

    select
        dimension,
        value,
        case
            when
                is_small
                or (
                    has_small
                    and (smaller_customers < {{ minimum }} or smaller_buyers between 1 and {{ minimum }} - 1)
                )
                then 'small groups combined'
            else value
        end as shown_value

    from summed

)

select * from shown
