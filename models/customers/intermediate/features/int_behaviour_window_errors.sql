-- Grain: one row per violation in the seed behaviour_windows: the row, the reason and the suggested fix.
with violations as (
    {{ behaviour_window_violations() }}

)

select distinct * from violations
