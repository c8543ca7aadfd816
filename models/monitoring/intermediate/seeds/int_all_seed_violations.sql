-- Grain: one row per fault of the seeds that a retailer keeps: the row, what is wrong, what to write, how grave it is.
-- A view: whoever checks one kind of rules builds that alone.
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
