-- Grain: one row per survey response.
with versions as (

    {{ latest_version('surveys', 'response') }}

),

renamed as (

    select
        response_id,
        survey_type,
        {{ normalise_email('email') }} as email,
        shopify_customer_id as source_customer_id,
        loyalty_number,
        order_ref,
        sku,
        comment,
        score,
        responded_at,
        {{ business_date('responded_at') }} as responded_date,
        first_known_at,
        known_at

    from versions

)

select * from renamed
