-- Grain: one row per turn (a customer's day with a first purchase of a new category, after the first day) and category
-- that was not yet bought before it: which of them it was, and how likely each was.
with customers as (

    select customer_id from {{ ref('int_category_learners') }}

),

bought as (

    select bought.*
    from {{ ref('int_customer_categories') }} as bought
    inner join customers
        on bought.customer_id = customers.customer_id

),

categories as (

    select distinct category from bought

),

turns as (

    select
        customer_id,
        first_ordered_date as turn_date,
        count(*) as new_count

    from bought
    where first_ordered_date > customer_first_ordered_date
    group by customer_id, first_ordered_date

),

open_categories as (

    select
        turns.customer_id,
        turns.turn_date,
        turns.new_count,
        categories.category,
        bought.customer_id is not null and bought.first_ordered_date = turns.turn_date as is_new

    from turns
    cross join categories
    left join bought
        on turns.customer_id = bought.customer_id
            and categories.category = bought.category
    where bought.customer_id is null or bought.first_ordered_date >= turns.turn_date

),

-- How often a category is the new one when it is open: its popularity among those who can still find it.
rates as (

    select
        category,
        -- A decimal: sums of it are the same in whatever order.
        cast(cast(sum(case when is_new then 1 else 0 end) as double) / count(*) as decimal(18, 10)) as base_rate

    from open_categories
    group by category

),

chances as (

    select
        open_categories.*,
        rates.base_rate,
        cast(rates.base_rate as double) / cast(
            sum(rates.base_rate) over (partition by open_categories.customer_id, open_categories.turn_date) as double
        ) as base_chance

    from open_categories
    inner join rates
        on open_categories.category = rates.category

)

select * from chances
