-- Grain: one row per person number that a shared telephone joins to another.
{{ config(materialized='connected_components') }}

select
    person_number as node,
    identifier_value as link

from {{ ref('int_identity_phone_values') }}
where reason is null
