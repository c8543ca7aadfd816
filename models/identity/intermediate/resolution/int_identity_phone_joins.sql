-- Grain: one row per person number that a shared telephone joins to another.
{{ config(materialized='connected_components') }}

{{ identity_level_joins('phone', ref('int_identity_by_email'), ref('int_identity_phone_values')) }}
