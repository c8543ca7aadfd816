-- Grain: one row per table with a rule, and channel and account where its rules tell them apart: versions looked at.
{{ checked_rows() }}
