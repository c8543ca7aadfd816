-- One row per source table whose record versions are not each in use, superseded, or a dead letter.
select *
from {{ ref('record_conservation') }}
where accepted_row_count <> in_use_row_count + superseded_row_count + dead_letter_row_count
