-- Grain: one row per customer: type, place, age, language, from the newest trusted statement of each.
with profiles as (

    select
        identities.customer_id,
        profiles.*

    from {{ ref('stg_crm__profiles') }} as profiles
    inner join {{ ref('int_customer_identities') }} as identities
        on identities.source_system = 'crm'
            and profiles.profile_id = identities.source_profile_id

),

-- The CRM is the source of truth here; each field takes its newest non-null value.
crm as (

    select
        customer_id,
        max_by(country_code, known_at) filter (where country_code is not null) as country_code,
        max_by(region, known_at) filter (where region is not null) as region,
        max_by(birth_date, known_at) filter (where birth_date is not null) as birth_date,
        max_by(gender, known_at) filter (where gender is not null) as gender,
        max_by(language, known_at) filter (where language is not null) as language,
        -- One profile that says staff, wholesaler or test is enough: such an account is no ordinary customer.
        max(case customer_type when 'test' then 3 when 'staff' then 2 when 'wholesaler' then 1 else 0 end) as type_rank

    from profiles
    group by customer_id

),

order_countries as (

    select
        identities.customer_id,
        max_by(orders.ship_country_code, orders.ordered_at) as country_code

    from {{ ref('int_orders_unioned') }} as orders
    inner join {{ ref('int_customer_identities') }} as identities
        on orders.profile_system = identities.source_system
            and orders.source_profile_id = identities.source_profile_id
    where orders.ship_country_code is not null
    group by identities.customer_id

),

joined as (

    select
        spine.customer_id,
        case
            when crm.type_rank = 3 then 'test'
            when crm.type_rank = 2 then 'staff'
            when crm.type_rank = 1 then 'wholesaler'
            when spine.is_marketplace_only then 'relay'
            else 'person'
        end as customer_type,
        coalesce(crm.country_code, order_countries.country_code) as country_code,
        crm.region,
        crm.gender,
        crm.language,
        {{ age_in_years('crm.birth_date') }} as age_years

    from {{ ref('int_customer_spine') }} as spine
    left join crm
        on spine.customer_id = crm.customer_id
    left join order_countries
        on spine.customer_id = order_countries.customer_id

),

banded as (

    select
        customer_id,
        customer_type,
        country_code,
        region,
        gender,
        language,
        case
            when age_years < 16 or age_years > 110 then null
            when age_years < 25 then '16-24'
            when age_years < 35 then '25-34'
            when age_years < 45 then '35-44'
            when age_years < 55 then '45-54'
            when age_years < 65 then '55-64'
            when age_years >= 65 then '65+'
        end as age_band

    from joined

)

select * from banded
