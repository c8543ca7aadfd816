-- Grain: one row per contact of the CRM and version at which its opt-out of e-mail changed, the first one included.
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
