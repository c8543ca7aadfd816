-- Faults of the cost assumptions, each with row, reason and suggestion. Any one stops the build.
{{ config(group='customers') }}
select
    seed_name,
    row_text,
    reason,
    suggestion

from {{ ref('int_cost_rule_errors') }}
