-- Grain: one row per identifier that does not link people, with its value. Direct identifiers: guarded schema.
with refusals as (

    select distinct
        identifier_type,
        identifier_value

    from {{ ref('int_identity_refusals') }}

),

named as (

    select
        {{ keyed_hash("identifier_type || ':' || identifier_value") }} as identifier_id,
        identifier_type,
        identifier_value

    from refusals

)

select * from named
