-- Grain: one row per customer and active segment on as_of_date.
with members as (

    select * from {{ ref('int_segment_members') }}

),

definitions as (

    select * from {{ ref('int_segment_definitions') }}
    where effective_status = 'active'

),

stays as (

    select * from {{ ref('segment_membership_history') }}
    where valid_to is null

),

ranked as (

    select
        members.as_of_date,
        members.customer_id,
        members.segment_key,
        definitions.priority,
        row_number() over (
            partition by members.customer_id
            order by definitions.priority nulls last, members.segment_key
        ) = 1 as is_primary,
        coalesce(stays.valid_from, members.as_of_date) as entered_date,
        definitions.rule_version,
        first_value(members.segment_key) over (
            partition by members.customer_id
            order by definitions.priority nulls last, members.segment_key
        ) as primary_segment_key,
        first_value(definitions.priority) over (
            partition by members.customer_id
            order by definitions.priority nulls last, members.segment_key
        ) as primary_priority

    from members
    inner join definitions
        on members.segment_key = definitions.segment_key
    left join stays
        on
            members.customer_id = stays.customer_id
            and members.segment_key = stays.segment_key

),

explained as (

    select
        as_of_date,
        customer_id,
        segment_key,
        priority,
        is_primary,
        entered_date,
        rule_version,
        case when not is_primary then primary_segment_key end as lost_priority_to,
        case
            when not is_primary
                then concat_ws(
                        '', primary_segment_key,
                        ' comes first: priority ', cast(primary_priority as {{ dbt.type_string() }}),
                        ' before ', cast(priority as {{ dbt.type_string() }})
                    )
        end as priority_reason

    from ranked

)

select * from explained
