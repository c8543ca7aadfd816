-- Grain: one row per person number that a shared e-mail address joins to another.
{{ config(materialized='connected_components') }}

{{ identity_level_joins('email', ref('int_identity_by_account'), ref('int_identity_email_values')) }}
