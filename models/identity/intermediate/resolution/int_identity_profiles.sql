-- Grain: one row per profile of any source, with every identifier that it shows now.
-- Profiles are numbered by age, so that the smallest number among a person's profiles is the one known longest.
with profiles as (

    {{ identity_profile('crm', 'profile_id', ref('stg_crm__profiles'), first_seen_at='created_at',
        email='email', phone='phone', loyalty_number='loyalty_number', customer_number='customer_number',
        shop_customer_id='shopify_customer_id', first_name='first_name', last_name='last_name') }}
    union all
    {{ identity_profile('shopify', 'source_customer_id', ref('stg_shopify__customers'), first_seen_at='created_at',
        email='email', phone='phone', shop_customer_id='source_customer_id', first_name='first_name',
        last_name='last_name') }}
    union all
    {{ identity_profile('shopify_guest', 'source_order_id', ref('stg_shopify__orders'), first_seen_at='ordered_at',
        email='email', phone='phone', condition='source_customer_id is null') }}
    union all
    {{ identity_profile('loyalty', 'loyalty_number', ref('stg_loyalty__members'), first_seen_at='joined_at',
        email='email', phone='phone', loyalty_number='loyalty_number', customer_number='customer_number',
        first_name='first_name', last_name='last_name') }}
    union all
    {{ identity_profile('pos', 'source_order_id', ref('stg_pos__receipts'), first_seen_at='ordered_at',
        email='email', phone='phone', loyalty_number='loyalty_number', customer_number='customer_number') }}
    union all
    {{ identity_profile('marketplace', 'source_profile_id', ref('int_identity_sightings'),
        first_seen_at='first_seen_at', condition="source_system = 'marketplace'", own_identifier=true) }}
    union all
    {{ identity_profile('klaviyo', 'person_id', ref('stg_klaviyo__persons'), first_seen_at='created_at',
        email='email', phone='phone', first_name='first_name', last_name='last_name') }}
    union all
    {{ identity_profile('zendesk', 'user_id', ref('stg_zendesk__users'), first_seen_at='known_at',
        email='email', phone='phone', shop_customer_id='source_customer_id', full_name='name',
        condition="role = 'end-user'") }}
    union all
    {{ identity_profile('hubspot', 'contact_id', ref('stg_hubspot__contacts'), first_seen_at='created_at',
        email='email', first_name='first_name', last_name='last_name', condition='not is_deleted') }}
    union all
    {{ identity_profile('surveys', 'response_id', ref('stg_surveys__responses'), first_seen_at='responded_at',
        email='email', loyalty_number='loyalty_number', shop_customer_id='source_customer_id') }}
    union all
    {{ identity_profile('consent', 'event_id', ref('stg_consent__consent_events'), first_seen_at='occurred_at',
        email='email', phone='phone', loyalty_number='loyalty_number', shop_customer_id='source_customer_id') }}
    union all
    {% for source_system in ['returns', 'external_lists', 'campaigns'] -%}
    {{ identity_profile(source_system, 'source_profile_id', ref('int_identity_sightings'),
        first_seen_at='first_seen_at', email='email', customer_number='customer_number',
        condition="source_system = '" ~ source_system ~ "'") }}
    union all
    {% endfor -%}
    {{ identity_profile('web', 'anonymous_id', ref('int_web_log_ins'), first_seen_at='first_seen_at',
        email='email', shop_customer_id='user_id') }}

),

lettered as (

    select
        profiles.*,
        {{ plain_letters('first_name') }} as first_letters,
        {{ plain_letters('last_name') }} as last_letters

    from profiles

),

numbered as (

    select
        row_number() over (order by first_known_at, profile_key) as profile_number,
        profile_key,
        source_system,
        source_profile_id,
        first_known_at,
        first_seen_at,
        {% for type in identifier_types() -%}
        {{ type }},
        {% endfor -%}
        first_letters,
        {{ first_name_key('first_letters') }} as first_name_key,
        {{ last_name_key('last_letters') }} as last_name_key

    from lettered

)

select * from numbered
