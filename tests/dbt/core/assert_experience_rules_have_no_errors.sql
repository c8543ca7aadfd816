-- Faults of the seeds about topics, sentiment and loyalty, each with row, reason, suggestion. One stops the build.
{{ config(group='core') }}
select
    seed_name,
    row_text,
    reason,
    suggestion

from {{ ref('int_experience_rule_errors') }}
