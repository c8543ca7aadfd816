-- Grain: one row per profile: the person it belongs to by all that is known.
{{ identity_level('phone', ref('int_identity_by_email'), ref('int_identity_phone_joins')) }}
