-- Faults of the validation rules, each with row, reason and suggestion. Any one stops the build.
select
    row_text,
    reason,
    suggestion

from {{ ref('int_validation_rule_errors') }}
