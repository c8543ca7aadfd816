-- Grain: one row per profile of any source, with every identifier that it shows now.
-- A profile that its source deleted is still evidence of who is one person, and the withdrawals made under it hold.
-- Profiles are numbered by age, so that the smallest number among a person's profiles is the one known longest.
with profiles as (

    {{ identity_profile('crm', 'profile_id', ref('stg_crm__profiles'), first_seen_at='created_at',
        email='email', phone='phone', loyalty_number='loyalty_number', customer_number='customer_number',
        shop_customer_id='shopify_customer_id', first_name='first_name', last_name='last_name',
        birth_date='birth_date') }}
    union all
    {{ identity_profile('shopify', 'source_customer_id', ref('stg_shopify__customers'), first_seen_at='created_at',
        email='email', phone='phone', shop_customer_id='source_customer_id', first_name='first_name',
        last_name='last_name', is_deleted='is_deleted') }}
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
    {{ identity_profile('marketplace', 'buyer_id', ref('stg_marketplace__orders'), first_seen_at='ordered_at',
        repeats=true) }}
    union all
    {{ identity_profile('klaviyo', 'person_id', ref('stg_klaviyo__persons'), first_seen_at='created_at',
        email='email', phone='phone', first_name='first_name', last_name='last_name', is_deleted='is_deleted') }}
    union all
    {{ identity_profile('zendesk', 'user_id', ref('stg_zendesk__users'), first_seen_at='known_at',
        email='email', phone='phone', shop_customer_id='source_customer_id',
        first_name=regexp_keep(without_title('name'), '^[^ ]+ '), last_name=regexp_keep('trim(name)', '[^ ]+$'),
        condition="role = 'end-user'", is_deleted='is_deleted') }}
    union all
    {{ identity_profile('hubspot', 'contact_id', ref('stg_hubspot__contacts'), first_seen_at='created_at',
        email='email', first_name='first_name', last_name='last_name', is_deleted='is_deleted') }}
    union all
    {{ identity_profile('surveys', 'response_id', ref('stg_surveys__responses'), first_seen_at='responded_at',
        email='email', loyalty_number='loyalty_number', shop_customer_id='source_customer_id') }}
    union all
    {{ identity_profile('consent', 'event_id', ref('stg_consent__consent_events'), first_seen_at='occurred_at',
        email='email', phone='phone', loyalty_number='loyalty_number', shop_customer_id='source_customer_id',
        is_deleted='is_deleted') }}
    union all
    {{ identity_profile('returns', 'return_id', ref('stg_returns__return_lines'), first_seen_at='returned_at',
        customer_number='min(customer_number)', repeats=true,
        condition='source_order_id is null and customer_number is not null') }}
    union all
    {{ identity_profile('external_lists', 'email', ref('int_external_list_members'), first_seen_at='added_at',
        email='email', repeats=true) }}
    union all
    {{ identity_profile('campaigns', 'email', ref('stg_campaigns__sends'), first_seen_at='sent_at',
        email='email', repeats=true) }}
    union all
    {{ identity_profile('web', 'anonymous_id', ref('int_web_log_ins'), first_seen_at='first_seen_at',
        email='email', shop_customer_id='user_id') }}

),

-- A profile without an identifier identifies no one, except a marketplace's buyer, who is known by the buyer id.
-- What stands in for an erased person is not a profile (scripts/erasure).
known as (

    select
        concat_ws('', source_system, ':', source_profile_id) as profile_key,
        source_system,
        source_profile_id,
        first_known_at,
        coalesce(first_seen_at, first_known_at) as first_seen_at,
        email,
        phone,
        {{ normalise_number('loyalty_number') }} as loyalty_number,
        {{ normalise_number('customer_number') }} as customer_number,
        {{ normalise_number('shop_customer_id') }} as shop_customer_id,
        nullif({{ plain_letters(without_title('first_name')) }}, '') as first_letters,
        {{ all_first_names('first_name') }} as given_names,
        {{ last_name_key(plain_letters('last_name')) }} as last_name_key,
        -- Forms that ask for a birth date are filled with the first day there is.
        case when birth_date > cast('1905-01-01' as date) then birth_date end as birth_date,
        is_deleted

    from profiles
    where source_profile_id is not null
        and source_profile_id not like 'erased-%'
        and (
            source_system = 'marketplace'
            or coalesce(email, phone, loyalty_number, customer_number, shop_customer_id) is not null
        )

),

hashed as (

    select
        *,
        {{ keyed_hash('profile_key') }} as profile_id

    from known

),

numbered as (

    select
        row_number() over (order by hashed.first_known_at nulls last, hashed.profile_key) as profile_number,
        hashed.*,
        concat_ws('|', hashed.given_names, nicknames.names) as first_names,
        {{ first_name_key('hashed.first_letters') }} as first_name_key,
        registry.customer_id as registered_customer_id

    from hashed
    left join ({{ identity_registry_rows() }}) as registry
        on hashed.profile_id = registry.profile_id
    left join {{ ref('nicknames') }} as nicknames
        on split_part(hashed.given_names, '|', 2) = nicknames.nickname

)

select * from numbered
