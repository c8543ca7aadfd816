-- Errors in the retailer's seeds, each with row, reason and suggestion. Models that read such a row stop themselves.
{{ config(group='monitoring') }}
{% for model in [
    'int_seed_violations', 'int_catalogue_name_violations', 'int_campaign_plan_violations', 'int_behaviour_window_errors',
    'int_validation_rule_errors', 'int_segment_rule_errors'
] %}
select
    seed_name,
    row_text,
    reason,
    suggestion

from {{ ref(model) }}
{{ "where severity = 'error'" if model == 'int_segment_rule_errors' }}
{{ 'union all' if not loop.last }}
{% endfor %}
