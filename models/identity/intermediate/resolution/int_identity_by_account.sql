-- Grain: one row per profile: the person it belongs to by account numbers and decisions by hand.
{{ identity_level(none, none, ref('int_identity_account_joins')) }}
