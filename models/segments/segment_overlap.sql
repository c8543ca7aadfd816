-- Grain: one row per ordered pair of segments that share a customer on as_of_date.
with members as (

    select * from {{ ref('int_segment_members') }}

),

sizes as (

    select * from {{ ref('segment_sizes') }}
    where as_of_date = {{ as_of_date() }}

),

pairs as (

    select
        members.as_of_date,
        members.segment_key,
        others.segment_key as other_segment_key,
        count(*) as customer_count

    from members
    inner join members as others
        on
            members.customer_id = others.customer_id
            and members.segment_key <> others.segment_key
    group by members.as_of_date, members.segment_key, others.segment_key

),

measured as (

    select
        pairs.as_of_date,
        pairs.segment_key,
        pairs.other_segment_key,
        pairs.customer_count,
        cast(pairs.customer_count as double) / nullif(sizes.customer_count, 0) as share_of_segment,
        cast(pairs.customer_count as double)
        / nullif(sizes.customer_count + other_sizes.customer_count - pairs.customer_count, 0) as jaccard

    from pairs
    inner join sizes
        on pairs.segment_key = sizes.segment_key
    inner join sizes as other_sizes
        on pairs.other_segment_key = other_sizes.segment_key

)

select * from measured
