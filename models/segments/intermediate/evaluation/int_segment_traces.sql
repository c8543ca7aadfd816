-- Grain: one row per customer, segment that can be explained (drafts too) and condition of its rule, on as_of_date.
-- A view, to be asked for one customer: for all of them it has some hundred rows each.
{{ config(materialized='view') }}
{%- set pairs %}
        (
            select
                features.customer_id,
                rules.segment_key
            from {{ ref('customer_features') }} as features
            cross join {{ ref('int_segment_rules') }} as rules
        )
{%- endset %}
{%- set percentiles %}
        (
            select * from {{ ref('int_segment_percentiles') }}
            union all
            select * from {{ ref('int_segment_draft_percentiles') }}
        )
{%- endset %}
{%- set lower_matches %}
        (select customer_id, segment_key from {{ ref('int_segment_matches') }})
{%- endset %}
with traces as (
    {{ segment_trace_sql(pairs, segment_features_of_all(), percentiles, segment_rules_explained(), lower_matches) }}

)

select * from traces
