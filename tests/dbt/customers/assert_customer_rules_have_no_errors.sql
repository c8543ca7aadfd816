-- Faults of the seeds about customers, each with row, reason and suggestion. Any one stops the build.
{{ config(group='customers') }}
select
    seed_name,
    row_text,
    reason,
    suggestion

from {{ ref('int_customer_rule_errors') }}
