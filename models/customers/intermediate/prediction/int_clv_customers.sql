-- Grain: one row per customer who may be profiled and bought: the cohort whose parameters apply, or why none do.
with purchases as (

    select * from {{ ref('int_customer_purchases') }}

),

cohorts as (

    select * from {{ ref('int_clv_parameters') }}

),

all_customers as (

    select * from cohorts
    where cohort = 'all'

),

-- A cohort too small to be fitted uses the parameters of all customers.
placed as (

    select
        purchases.*,
        coalesce(own.cohort, all_customers.cohort) as cohort,
        case
            when all_customers.cohort is null then 'no_model'
            when coalesce(purchases.customer_type, '') <> 'person' then 'not_a_person'
            when
                cast(purchases.purchase_day_count as double) / (cast(purchases.observed_days as double) / 7 + 1)
                > all_customers.scope_highest_purchase_rate
                or purchases.mean_purchase_value > all_customers.scope_highest_purchase_value
                then 'unusual_volume'
            else 'modelled'
        end as value_scope

    from purchases
    left join all_customers
        on all_customers.cohort = 'all'
    left join cohorts as own
        on own.cohort <> 'all'
            and own.cohort = case own.cohort_by
                when 'country_code' then purchases.country_code
                when 'first_order_channel' then purchases.first_order_channel
            end

)

select * from placed
