-- Grain: one row per external list and own segment that share a customer on as_of_date.
with lists as (

    select * from {{ ref('int_external_lists') }}

),

list_customers as (

    select * from {{ ref('int_external_list_customers') }}

),

members as (

    select * from {{ ref('int_segment_members') }}

),

sizes as (

    select
        segment_key,
        count(*) as customer_count

    from members
    group by segment_key

),

pairs as (

    select
        list_customers.list_key,
        members.segment_key,
        count(*) as shared_count

    from list_customers
    inner join members
        on list_customers.customer_id = members.customer_id
    group by list_customers.list_key, members.segment_key

),

measured as (

    select
        pairs.list_key,
        lists.tool,
        lists.list_name,
        pairs.segment_key,
        lists.address_count,
        lists.customer_count as list_customer_count,
        sizes.customer_count as segment_customer_count,
        pairs.shared_count,
        cast(pairs.shared_count as double)
        / (lists.customer_count + sizes.customer_count - pairs.shared_count) as jaccard,
        cast(pairs.shared_count as double) / lists.customer_count as share_of_list,
        cast(pairs.shared_count as double) / sizes.customer_count as share_of_segment,
        lists.last_added_date

    from pairs
    inner join lists
        on pairs.list_key = lists.list_key
    inner join sizes
        on pairs.segment_key = sizes.segment_key

),

-- A list is best replaced by the most similar segment, not by the largest one that happens to contain it.
ranked as (

    select
        *,
        row_number() over (
            partition by list_key
            order by jaccard desc, share_of_list desc, segment_key
        ) as match_rank

    from measured

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        cast(list_key as {{ dbt.type_string() }}) as list_key,
        cast(tool as {{ dbt.type_string() }}) as tool,
        cast(list_name as {{ dbt.type_string() }}) as list_name,
        cast(segment_key as {{ dbt.type_string() }}) as segment_key,
        cast(address_count as bigint) as address_count,
        cast(list_customer_count as bigint) as list_customer_count,
        cast(segment_customer_count as bigint) as segment_customer_count,
        cast(shared_count as bigint) as shared_count,
        jaccard,
        share_of_list,
        share_of_segment,
        cast(match_rank as bigint) as match_rank,
        last_added_date

    from ranked

)

select * from final
