-- Grain: one row per attribute and percentile that a rule names: `25` for buyers, or `25 of a_segment`.
{%- set segments = segment_rules_explained() %}
with features as (

    {{ segment_features(segments) }}

),

-- Read where a rule names a percentile over the members of a segment.
lower_matches as (  -- noqa: ST03

    select
        customer_id,
        segment_key

    from {{ ref('int_segment_matches') }}

),

percentiles as (

    select * from {{ ref('int_segment_percentiles_of_buyers') }}
    union all
    select * from (
        {{ segment_percentiles_sql(segments, of_members=true) }}
    ) as percentiles_of_members

)

select * from percentiles
