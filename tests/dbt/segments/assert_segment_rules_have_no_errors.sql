-- Faults of the segment seeds, each with row, reason and suggestion. Any one stops memberships.
{{ config(group='segments') }}
select
    row_text,
    reason,
    suggestion

from {{ ref('int_segment_rule_errors') }}
where severity = 'error'
