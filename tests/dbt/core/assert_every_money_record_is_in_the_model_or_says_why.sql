-- Nothing of staging gets lost: an order, line, payment or refund that is in no mart has a reason.
select
    source_system,
    record_type,
    record_id,
    amount,
    outcome

from {{ ref('int_money_records') }}
where outcome = 'not told'
