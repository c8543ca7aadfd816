-- Grain: one row per profile: the person it belongs to by all that is stronger than a telephone.
{{ identity_level('email', ref('int_identity_by_account'), ref('int_identity_email_joins')) }}
