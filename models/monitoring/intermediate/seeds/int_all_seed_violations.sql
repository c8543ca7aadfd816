-- Grain: one row per violation in the seeds that a retailer keeps: the row, what is wrong, what to write, severity.
-- A view: to check one kind of rules, build only its model.
{{ config(materialized='view') }}
with violations as (
    {% for model in [
        'int_seed_violations', 'int_catalogue_name_violations', 'int_campaign_plan_violations',
        'int_behaviour_window_errors', 'int_validation_rule_errors'
    ] %}
    select
        seed_name,
        row_text,
        reason,
        suggestion,
        'error' as severity

    from {{ ref(model) }}

    union all
    {%- endfor %}

    select
        seed_name,
        row_text,
        reason,
        suggestion,
        severity

    from {{ ref('int_segment_rule_errors') }}

)

select * from violations
