-- Grain: one row per customer known by as_of_date.
with identities as (

    select * from {{ ref('int_customer_identities') }}

),

spine as (

    select
        customer_id,
        {{ business_date('min(first_seen_at)') }} as first_seen_date,
        count(*) as profile_count,
        count(distinct source_system) as source_count,
        max(case when source_system <> 'marketplace' then 1 else 0 end) = 0 as is_marketplace_only

    from identities
    group by customer_id

)

select * from spine
