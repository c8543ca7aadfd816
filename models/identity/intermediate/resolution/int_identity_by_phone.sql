-- Grain: one row per profile: the person it belongs to by account numbers, addresses and telephones.
-- Joins are accepted only as long as nothing known contradicts them.
{{ config(materialized='view') }}

{{ joins_without_contradiction('phone', ref('int_identity_by_email'), ref('int_identity_phone_components')) }}
