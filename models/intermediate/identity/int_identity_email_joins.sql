-- Grain: one row per person number that a shared e-mail address joins to another.
{{ config(materialized='connected_components') }}

select
    person_number as node,
    identifier_value as link

from {{ ref('int_identity_email_values') }}
where reason is null
