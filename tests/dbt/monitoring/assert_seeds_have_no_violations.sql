-- Errors in the retailer's seeds, each with row, reason and suggestion. Models that read such a row stop themselves.
{{ config(group='monitoring') }}
select
    seed_name,
    row_text,
    reason,
    suggestion

from {{ ref('int_all_seed_violations') }}
where severity = 'error'
