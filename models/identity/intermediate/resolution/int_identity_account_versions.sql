-- Grain: one row per version, known by as_of_date, of the accounts that have several, with the identifiers it shows.
{%- set accounts = [
    ('crm', 'profile', 'profile_id', {'email': 'email', 'phone': 'phone', 'country': 'country_code',
        'loyalty_number': 'loyalty_number', 'customer_number': 'customer_number', 'shop_customer_id': 'shopify_customer_id'}),
    ('shopify', 'customer', 'id', {'email': 'email', 'phone': 'phone', 'shop_customer_id': 'id'}),
    ('loyalty', 'member', 'loyalty_number', {'email': 'email', 'phone': 'phone', 'loyalty_number': 'loyalty_number',
        'customer_number': 'customer_number'}),
    ('klaviyo', 'person', 'id', {'email': 'email', 'phone': 'phone_number', 'country': 'country'}),
    ('zendesk', 'user', 'id', {'email': 'email', 'phone': 'phone', 'shop_customer_id': 'external_id'}),
    ('hubspot', 'contact', 'id', {'email': 'property_email'})
] %}

with versions as (

    {% for source_system, table_name, id_column, shown in accounts %}
    select
        concat_ws('', '{{ source_system }}:', {{ id_column }}) as profile_key,
        {% for type in identifier_types() + ['country'] -%}
        cast({{ shown.get(type, 'null') }} as {{ dbt.type_string() }}) as {{ type }},{{ ' ' }}
        {%- endfor %}
        known_at
    from ({{ versions_of_changed_records(source_system, table_name) }}) as versions
    where {{ id_column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

normalised as (

    -- Versions that differ only in fields that no model reads count as one.
    select distinct
        profile_key,
        {{ normalise_email('email') }} as email,
        {{ normalise_phone('phone', country='country') }} as phone,
        {{ normalise_number('loyalty_number') }} as loyalty_number,
        {{ normalise_number('customer_number') }} as customer_number,
        {{ normalise_number('shop_customer_id') }} as shop_customer_id,
        known_at

    from versions

)

select * from normalised
