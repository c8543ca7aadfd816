-- Warns when an order, return or ticket falls on a day for which the seed cost_assumptions has no row: its margin looks
-- better than it is. Shows the cost and the channel; `missing_costs` lists the same, and goods without a cost.
{{ config(severity='warn') }}
select
    cost_type,
    applies_to,
    record_count,
    first_date,
    last_date

from {{ ref('missing_costs') }}
where cost_type <> 'goods'
