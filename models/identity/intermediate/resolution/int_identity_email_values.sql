-- Grain: one row per e-mail address that several people show, and person: whether it may join them.
{{ identity_level_values('email', ref('int_identity_by_account')) }}
