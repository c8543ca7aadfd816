-- Grain: one row per field of the golden record: completeness, age and agreement. Counts only, never a value.
with persons as (

    select customer_id from {{ ref('int_customer_types') }}
    where customer_type = 'person'

),

fields as (

    {% for field in golden_fields() %}
    select '{{ field }}' as field
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

golden as (

    select
        golden.customer_id,
        golden.field,
        lower(trim(golden.value)) as value,
        golden.source_system,
        {{ days_between(business_date('golden.valued_at'), as_of_date()) }} as age_days

    from {{ ref('int_customer_golden_values') }} as golden
    inner join persons
        on golden.customer_id = persons.customer_id

),

stated as (

    {% for field in golden_fields() %}
    select
        customer_id,
        source_system,
        '{{ field }}' as field,
        lower(trim({{ field }})) as value,
        valued_at
    from {{ ref('int_golden_record_candidates') }}
    where {{ field }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

newest_stated as (

    select
        customer_id,
        source_system,
        field,
        {{ newest_value('value', 'valued_at') }} as value

    from stated
    group by customer_id, source_system, field

),

compared as (

    select
        golden.field,
        count(*) as compared_count,
        count(*) filter (where newest_stated.value = golden.value) as agreed_count

    from golden
    inner join newest_stated
        on
            golden.customer_id = newest_stated.customer_id and golden.field = newest_stated.field
            and golden.source_system <> newest_stated.source_system
    group by golden.field

),

filled as (

    select
        field,
        count(*) as filled_count,
        count(distinct value) as distinct_count,
        count(*) filter (where age_days < {{ var('profile_recency_days') | int }}) as recent_count,
        median(cast(age_days as double)) as median_age_days

    from golden
    group by field

),

people as (

    select count(*) as record_count from persons

),

measures as (

    select
        fields.field,
        people.record_count,
        coalesce(filled.filled_count, 0) as filled_count,
        coalesce(filled.distinct_count, 0) as distinct_count,
        coalesce(filled.recent_count, 0) as recent_count,
        filled.median_age_days,
        coalesce(compared.compared_count, 0) as compared_count,
        coalesce(compared.agreed_count, 0) as agreed_count

    from fields
    cross join people
    left join filled
        on fields.field = filled.field
    left join compared
        on fields.field = compared.field

)

select * from measures
