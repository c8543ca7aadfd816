-- Grain: one row per fault of the seed behaviour_windows: the row, what is wrong, and what to write.
with violations as (
    {{ behaviour_window_violations() }}

)

select distinct * from violations
