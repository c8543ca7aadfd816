-- Faults of the seed behaviour_windows, each with row, reason and suggestion. Any one stops the build.
{{ config(group='customers') }}
select
    seed_name,
    row_text,
    reason,
    suggestion

from {{ ref('int_behaviour_window_errors') }}
