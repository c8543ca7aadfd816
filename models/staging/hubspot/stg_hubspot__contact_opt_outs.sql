-- Grain: one row per CRM contact and version in which its e-mail opt-out changed, including the first version.
with changes as (

    {{ flag_changes('hubspot', 'contact', key='id', email='property_email', flag='property_hs_email_optout') }}

),

renamed as (

    select
        record_id as contact_id,
        {{ normalise_email('email') }} as email,
        is_set as is_opted_out,
        known_at

    from changes

)

select * from renamed
