-- Grain: one row per CRM contact.
with versions as (

    {{ latest_version('hubspot', 'contact', deleted=true) }}

),

renamed as (

    select
        id as contact_id,
        {{ normalise_email('property_email') }} as email,
        property_firstname as first_name,
        property_lastname as last_name,
        property_company as company,
        property_jobtitle as job_title,
        coalesce(property_hs_merged_object_ids, property_hs_calculated_merged_vids) as merged_contact_ids,
        _says_deleted as is_deleted,
        property_createdate as created_at,
        first_known_at,
        known_at

    from versions

)

select * from renamed
