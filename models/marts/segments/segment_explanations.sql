-- Grain: one row per membership: the conditions that hold, with the customer's own values.
with memberships as (

    select * from {{ ref('segment_memberships') }}

),

features as (

    {{ segment_features() }}

),

-- Read where a rule names a percentile.
percentiles as (  -- noqa: ST03

    select * from {{ ref('int_segment_percentiles') }}

),

-- Read where a rule asks for membership of another segment.
lower_matches as (  -- noqa: ST03

    select
        customer_id,
        segment_key

    from {{ ref('int_segment_matches') }}

),

explained as (

    select
        memberships.as_of_date,
        memberships.customer_id,
        memberships.segment_key,
        {{ segment_explanation_sql() }} as explanation

    from memberships
    inner join features
        on memberships.customer_id = features.customer_id

)

select * from explained
