-- Faults of the consent seeds, each with row, reason and suggestion. Any one stops the build.
{{ config(group='core') }}
select
    seed_name,
    row_text,
    reason,
    suggestion

from {{ ref('int_consent_rule_errors') }}
