-- Grain: one row per external list and address on it, whichever tool keeps the list.
with list_members as (

    select * from {{ ref('stg_external_lists__list_members') }}

),

crm_lists as (

    select * from {{ ref('stg_hubspot__contact_lists') }}

),

crm_list_members as (

    select * from {{ ref('stg_hubspot__contact_list_members') }}

),

crm_contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}
    where not is_deleted

),

members as (

    select
        coalesce(tool, 'unknown') as tool,
        list_name,
        email,
        added_at,
        first_known_at

    from list_members

    union all

    select
        'hubspot' as tool,
        -- Lists of the same name stay separate; a list without a name still counts.
        concat_ws('', coalesce(crm_lists.name, 'list'), ' (', crm_lists.list_id, ')') as list_name,
        crm_contacts.email,
        crm_list_members.added_at,
        crm_list_members.first_known_at

    from crm_list_members
    inner join crm_lists
        on crm_list_members.list_id = crm_lists.list_id
    inner join crm_contacts
        on crm_list_members.contact_id = crm_contacts.contact_id

),

-- Two spellings of an address are one member.
addresses as (

    select
        tool,
        list_name,
        email,
        min(added_at) as added_at,
        min(first_known_at) as first_known_at

    from members
    where email is not null
    group by tool, list_name, email

)

select * from addresses
