-- Grain: one row per customer, segment that can be explained (including drafts) and condition of its rule, on
-- as_of_date. A view, to be queried for one customer at a time: each customer has some hundred rows.
-- Elsewhere than on DuckDB it is not stored: its text is too long for a catalogue of Hive, and it is only read there.
{{ config(materialized='view' if target.type == 'duckdb' else 'ephemeral') }}
{%- set segments = segment_rules_explained() %}
with features as (  -- noqa: ST03

    {{ segment_features(segments) }}

),

-- A faulty draft cannot be explained; a rule whose rows only raise a warning can.
faulty as (

    select distinct segment_key from {{ ref('int_segment_rule_errors') }}
    where seed_name = 'segment_rule_conditions' and is_faulty

),

pairs as (  -- noqa: ST03

    select
        customers.customer_id,
        rules.segment_key

    from {{ ref('customer_features') }} as customers
    cross join {{ ref('int_segment_rules') }} as rules
    left join faulty
        on rules.segment_key = faulty.segment_key
    where faulty.segment_key is null

),

percentiles as (  -- noqa: ST03

    select * from {{ ref('int_segment_percentiles') }}

),

lower_matches as (  -- noqa: ST03

    select
        customer_id,
        segment_key

    from {{ ref('int_segment_matches') }}

),

traces as (

    {{ segment_trace_sql('pairs', 'features', 'percentiles', segments) }}

)

select * from traces
