-- Grain: one row per telephone that several people show, and person: whether it may join them.
{{ identity_level_values('phone', ref('int_identity_by_email')) }}
