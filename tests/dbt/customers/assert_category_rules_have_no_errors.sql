-- Faults of the seeds about categories, each with row, reason and suggestion. Any one stops the build.
{{ config(group='customers') }}
select
    seed_name,
    row_text,
    reason,
    suggestion

from {{ ref('int_category_rule_errors') }}
