-- Grain: one row per external list: how many addresses it has, and how many of them belong to known customers.
with members as (

    select * from {{ ref('int_external_list_members') }}

),

known as (

    select
        list_key,
        count(*) as customer_count

    from {{ ref('int_external_list_customers') }}
    group by list_key

),

lists as (

    select
        concat_ws('', tool, ': ', list_name) as list_key,
        tool,
        list_name,
        count(*) as address_count,
        max({{ business_date('added_at') }}) as last_added_date

    from members
    group by tool, list_name

),

joined as (

    select
        lists.list_key,
        lists.tool,
        lists.list_name,
        lists.address_count,
        coalesce(known.customer_count, 0) as customer_count,
        lists.last_added_date

    from lists
    left join known
        on lists.list_key = known.list_key

)

select * from joined
