-- Rows of the approval log that do not stand as they were written. Signatures are checked by the scripts alone.
{{ config(group='segments') }}
select
    segment_key,
    sequence_number,
    fault

from {{ ref('int_segment_approval_log') }}
where fault is not null
