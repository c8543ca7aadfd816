-- Grain: one row per version, known by as_of_date, of the accounts that have several, with the identifiers it shows.
with versions as (

    {{ account_versions('crm', 'crm', 'profile', 'profile_id', email='email', phone='phone',
        loyalty_number='loyalty_number', customer_number='customer_number', shop_customer_id='shopify_customer_id') }}
    union
    {{ account_versions('shopify', 'shopify', 'customer', 'id', email='email', phone='phone', shop_customer_id='id') }}
    union
    {{ account_versions('loyalty', 'loyalty', 'member', 'loyalty_number', email='email', phone='phone',
        loyalty_number='loyalty_number', customer_number='customer_number') }}
    union
    {{ account_versions('klaviyo', 'klaviyo', 'person', 'id', email='email', phone='phone_number') }}
    union
    {{ account_versions('zendesk', 'zendesk', 'user', 'id', email='email', phone='phone',
        shop_customer_id='external_id') }}
    union
    {{ account_versions('hubspot', 'hubspot', 'contact', 'id', email='property_email') }}

)

select * from versions
