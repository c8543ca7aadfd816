-- Grain: one row per customer and active segment on as_of_date whose rule holds or, for an ad-hoc segment, held when it
-- was first evaluated.
with matches as (

    select * from {{ ref('int_segment_matches') }}

),

statuses as (

    select * from {{ ref('int_segment_status') }}
    where status = 'active'

),

customers as (

    select customer_id from {{ ref('int_segment_values') }}
    where as_of_date = {{ as_of_date() }}

),

changes as (
    {{ membership_log_before() }}

),

frozen_members as (

    select
        changes.customer_id,
        changes.segment_key

    from changes
    inner join statuses
        on
            changes.segment_key = statuses.segment_key
            and changes.as_of_date <= statuses.frozen_date
    group by changes.customer_id, changes.segment_key
    having max_by(changes.change, changes.as_of_date) = 'entered'

),

members as (

    select
        {{ as_of_date() }} as as_of_date,
        matches.customer_id,
        matches.segment_key

    from matches
    inner join statuses
        on matches.segment_key = statuses.segment_key
    where statuses.frozen_date is null

    union all

    select
        {{ as_of_date() }} as as_of_date,
        frozen_members.customer_id,
        frozen_members.segment_key

    from frozen_members
    inner join customers
        on frozen_members.customer_id = customers.customer_id

)

select * from members
