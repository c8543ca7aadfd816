-- Grain: one row per statement and contact point (address, number, account) it names; its profile if none.
with stated as (

    select * from {{ ref('int_consent_stated') }}

),

contact_points as (

    {% for type in ['email', 'phone', 'loyalty_number', 'shop_customer_id'] %}
    select
        statement_id,
        kind,
        '{{ type }}' as identifier_type,
        {{ type }} as identifier_value,
        concat_ws('', '{{ type }}:', {{ type }}) as contact_point

    from stated
    where {{ type }} is not null

    union all

    {% endfor %}
    select
        statement_id,
        kind,
        'profile' as identifier_type,
        source_profile_id as identifier_value,
        concat_ws('', 'profile:', source_system, ':', source_profile_id) as contact_point

    from stated
    where coalesce(email, phone, loyalty_number, shop_customer_id) is null

)

select * from contact_points
