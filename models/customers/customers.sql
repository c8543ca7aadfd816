-- Grain: one row per customer known by as_of_date, buyer or lead; no identifiers.
{%- set fields = {
    'country_code': 'country', 'region': 'region', 'gender': 'gender', 'language': 'language', 'birth_date': 'birth_date'
} %}
with golden as (

    select
        {% for column, field in fields.items() %}
        max(value) filter (where field = '{{ field }}') as {{ column }},
        max(source_system) filter (where field = '{{ field }}') as {{ column }}_source,
        {% endfor %}
        customer_id

    from {{ ref('int_customer_golden_values') }}
    where field in ('country', 'region', 'gender', 'language', 'birth_date')
    group by customer_id

),

joined as (

    select
        spine.*,
        types.customer_type,
        types.customer_type_rule,
        golden.country_code,
        golden.region,
        golden.gender,
        golden.language,
        {{ age_in_years('cast(golden.birth_date as date)') }} as age_years,
        golden.country_code_source,
        golden.region_source,
        golden.gender_source,
        golden.language_source,
        golden.birth_date_source,
        households.household_id,
        households.household_source,
        households.household_size

    from {{ ref('int_customer_spine') }} as spine
    inner join {{ ref('int_customer_types') }} as types
        on spine.customer_id = types.customer_id
    left join golden
        on spine.customer_id = golden.customer_id
    left join {{ ref('int_customer_households') }} as households
        on spine.customer_id = households.customer_id

),

banded as (

    select
        customer_id,
        customer_type,
        country_code,
        region,
        case
            when age_years < 16 or age_years > 110 then null
            when age_years < 25 then '16-24'
            when age_years < 35 then '25-34'
            when age_years < 45 then '35-44'
            when age_years < 55 then '45-54'
            when age_years < 65 then '55-64'
            when age_years >= 65 then '65+'
        end as age_band,
        gender,
        language,
        cast(profile_count as bigint) as profile_count,
        cast(source_count as bigint) as source_count,
        first_seen_date,
        household_id,
        cast(household_size as bigint) as household_size,
        customer_type_rule,
        country_code_source,
        region_source,
        birth_date_source as age_band_source,
        gender_source,
        language_source,
        household_source

    from joined

)

select * from banded
