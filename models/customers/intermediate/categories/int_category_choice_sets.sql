-- Grain: one row per choice (a customer's day with a first purchase in a new category, after their first day) and
-- category not bought before it: which of them was chosen, and how likely each was.
-- A view: one cheap pass over tables, so storing it would gain nothing.
{{ config(materialized='view') }}

with bought as (

    select bought.*
    from {{ ref('int_customer_categories') }} as bought
    inner join {{ ref('int_category_training_customers') }} as customers
        on bought.customer_id = customers.customer_id

),

categories as (

    select distinct category from bought

),

choices as (

    select
        customer_id,
        first_ordered_date as choice_date,
        count(*) as new_count

    from bought
    where first_ordered_date > customer_first_ordered_date
    group by customer_id, first_ordered_date

),

open_categories as (

    select
        choices.customer_id,
        choices.choice_date,
        choices.new_count,
        categories.category,
        bought.customer_id is not null and bought.first_ordered_date = choices.choice_date as is_new

    from choices
    cross join categories
    left join bought
        on choices.customer_id = bought.customer_id
            and categories.category = bought.category
    where bought.customer_id is null or bought.first_ordered_date >= choices.choice_date

),

-- How often a category is chosen when it is open: its popularity among customers who have not bought from it yet.
rates as (

    select
        category,
        -- A decimal, so that sums do not depend on the order of rows.
        cast(cast(sum(case when is_new then 1 else 0 end) as double) / count(*) as decimal(18, 10)) as base_rate

    from open_categories
    group by category

),

probabilities as (

    select
        open_categories.*,
        rates.base_rate,
        cast(rates.base_rate as double) / cast(
            sum(rates.base_rate) over (partition by open_categories.customer_id, open_categories.choice_date) as double
        ) as base_chance

    from open_categories
    inner join rates
        on open_categories.category = rates.category

)

select * from probabilities
