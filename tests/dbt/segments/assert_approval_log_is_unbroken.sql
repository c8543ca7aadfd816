-- Rows at which the chain of the approval log is broken. Signatures are checked only by the scripts.
{{ config(group='segments') }}
select
    segment_key,
    sequence_number,
    fault

from {{ ref('int_segment_approval_log') }}
where fault is not null
