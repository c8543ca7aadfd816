-- Grain: one row per external list and customer on it.
with members as (

    select * from {{ ref('int_external_list_members') }}

),

identities as (

    select
        profile_key,
        customer_id

    from {{ ref('int_customer_identities') }}
    where source_system = 'external_lists'

),

customers as (

    select distinct
        concat_ws('', members.tool, ': ', members.list_name) as list_key,
        identities.customer_id

    from members
    inner join identities
        on concat_ws('', 'external_lists:', members.email) = identities.profile_key

)

select * from customers
