-- Grain: one row per profile: the person it belongs to by account numbers and addresses.
-- Joins are accepted only as long as nothing known contradicts them.
{{ config(materialized='view') }}

{{ joins_without_contradiction('email', ref('int_identity_by_account'), ref('int_identity_email_components')) }}
