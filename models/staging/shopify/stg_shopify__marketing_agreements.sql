-- Grain: one row per shop account and version in which its marketing agreement changed, including the first version.
with changes as (

    {{ flag_changes('shopify', 'customer', key='id', email='email', flag='accepts_marketing') }}

),

renamed as (

    select
        record_id as source_customer_id,
        {{ normalise_email('email') }} as email,
        is_set as accepts_marketing,
        was_set as accepted_marketing_before,
        known_at

    from changes

)

select * from renamed
