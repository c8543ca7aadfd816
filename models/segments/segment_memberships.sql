-- Grain: one row per customer and active segment on as_of_date.
with members as (

    select * from {{ ref('int_segment_members') }}

),

definitions as (

    select * from {{ ref('int_segment_definitions') }}
    where effective_status = 'active'

),

library as (

    select
        segment_key,
        may_act

    from {{ ref('segment_library') }}

),

stays as (

    select * from {{ ref('segment_membership_history') }}
    where valid_to is null

),

joined as (

    select
        members.as_of_date,
        members.customer_id,
        members.segment_key,
        definitions.priority,
        coalesce(stays.valid_from, members.as_of_date) as entered_date,
        definitions.rule_version,
        held.held_back_for,
        library.may_act and held.customer_id is null as may_act

    from members
    inner join definitions
        on members.segment_key = definitions.segment_key
    inner join library
        on members.segment_key = library.segment_key
    left join stays
        on
            members.customer_id = stays.customer_id
            and members.segment_key = stays.segment_key
    left join {{ ref('int_segment_care_holds') }} as held
        on
            members.customer_id = held.customer_id
            and members.segment_key = held.segment_key

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by may_act desc, priority nulls last, segment_key
        ) = 1 as is_primary,
        first_value(segment_key) over (
            partition by customer_id
            order by may_act desc, priority nulls last, segment_key
        ) as primary_segment_key,
        first_value(priority) over (
            partition by customer_id
            order by may_act desc, priority nulls last, segment_key
        ) as primary_priority

    from joined

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
            when is_primary then null
            when primary_priority > priority and held_back_for = 'complaints_unknown'
                then concat_ws('', primary_segment_key, ' comes first: nobody can tell who has a complaint, so nothing is sold')
            when primary_priority > priority and held_back_for is not null
                then concat_ws('', primary_segment_key, ' comes first: the customer is in care, and nothing is sold')
            when primary_priority > priority
                then concat_ws('', primary_segment_key, ' comes first: it may act, and this segment is not approved')
            else
                concat_ws(
                    '', primary_segment_key,
                    ' comes first: priority ', cast(primary_priority as {{ dbt.type_string() }}),
                    ' before ', cast(priority as {{ dbt.type_string() }})
                )
        end as priority_reason,
        may_act,
        held_back_for

    from ranked

)

select * from explained
