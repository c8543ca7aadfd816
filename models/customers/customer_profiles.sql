-- Grain: one row per customer: names, address, birth date and contact, each with source and date. Direct identifiers:
-- guarded schema.
with spine as (

    select
        customer_id,
        customer_type

    from {{ ref('int_customer_types') }}

),

golden as (

    select
        {% for unit, fields in golden_units().items() %}
        {% for field in fields %}
        max(value) filter (where field = '{{ field }}') as {{ field }},
        {% endfor %}
        -- All fields of a unit come from one record, so they share source and date.
        max(source_system) filter (where unit = '{{ unit }}') as {{ unit }}_source,
        {{ business_date("max(valued_at) filter (where unit = '" ~ unit ~ "')") }} as {{ unit }}_date,
        {% endfor %}
        customer_id

    from {{ ref('int_customer_golden_values') }}
    group by customer_id

),

joined as (

    select
        spine.customer_id,
        spine.customer_type,
        golden.first_name,
        golden.last_name,
        golden.name_source,
        golden.name_date,
        golden.email,
        golden.email_source,
        golden.email_date,
        golden.phone,
        golden.phone_source,
        golden.phone_date,
        golden.street,
        golden.postcode,
        golden.city,
        golden.region,
        golden.country as country_code,
        golden.address_source,
        golden.address_date,
        cast(golden.birth_date as date) as birth_date,
        golden.birth_date_source,
        golden.birth_date_date,
        golden.gender,
        golden.gender_source,
        golden.gender_date,
        golden.language,
        golden.language_source,
        golden.language_date,
        golden.household as stated_household,
        golden.household_source,
        golden.household_date,
        golden.customer_number,
        golden.customer_number_source,
        golden.customer_number_date,
        golden.loyalty_number,
        golden.loyalty_number_source,
        golden.loyalty_number_date

    from spine
    left join golden
        on spine.customer_id = golden.customer_id

)

select * from joined
