-- Grain: one row per membership, with the conditions that hold and the customer's own values; and one per customer and
-- segment left on as_of_date, with the reason.
with memberships as (

    select * from {{ ref('segment_memberships') }}

),

features as (

    {{ segment_features(members=ref('int_segment_matches')) }}

),

-- Read where a rule names a percentile.
percentiles as (  -- noqa: ST03

    select * from {{ ref('int_segment_percentiles') }}

),

explained as (

    select
        memberships.as_of_date,
        memberships.customer_id,
        memberships.segment_key,
        {{ segment_explanation_sql() }} as explanation,
        true as is_member

    from memberships
    inner join features
        on memberships.customer_id = features.customer_id

),

left_today as (

    select
        as_of_date,
        customer_id,
        segment_key,
        reason as explanation,
        false as is_member

    from {{ ref('membership_changes') }}
    where as_of_date = {{ as_of_date() }} and change = 'left'

),

explanations as (

    select * from explained
    union all
    select * from left_today

)

select * from explanations
