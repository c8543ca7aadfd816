-- Grain: one row per customer known by as_of_date: everyone, buyers and leads; no identifiers.
with spine as (

    select * from {{ ref('int_customer_spine') }}

),

demographics as (

    select * from {{ ref('int_customer_demographics') }}

),

joined as (

    select
        spine.customer_id,
        demographics.customer_type,
        demographics.country_code,
        demographics.region,
        demographics.age_band,
        demographics.gender,
        demographics.language,
        cast(spine.profile_count as bigint) as profile_count,
        cast(spine.source_count as bigint) as source_count,
        spine.first_seen_date,
        demographics.household_id,
        demographics.household_size,
        demographics.customer_type_rule,
        demographics.country_code_source,
        demographics.region_source,
        demographics.birth_date_source as age_band_source,
        demographics.gender_source,
        demographics.language_source,
        demographics.household_source

    from spine
    inner join demographics
        on spine.customer_id = demographics.customer_id

)

select * from joined
