-- Faults of the retailer's seeds, each with row, reason and suggestion. What would go by such a row stops by itself.
{{ config(group='monitoring') }}
select
    seed_name,
    row_text,
    reason,
    suggestion

from {{ ref('int_all_seed_violations') }}
where severity = 'error'
