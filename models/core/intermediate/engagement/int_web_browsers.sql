-- Grain: one row per browser on which someone was identified by as_of_date: one person's, or shared.
with identifiers as (

    select * from {{ ref('int_web_browser_identifiers') }}

),

owners as (

    select * from {{ ref('int_web_identifier_owners') }}

),

browsers as (

    select
        identifiers.anonymous_id,
        count(distinct owners.person_key) as person_count,
        min(owners.customer_id) as any_customer_id

    from identifiers
    inner join owners
        on identifiers.identifier_type = owners.identifier_type
            and identifiers.identifier_value = owners.identifier_value
    where identifiers.anonymous_id is not null
    group by identifiers.anonymous_id

),

classified as (

    select
        anonymous_id,
        case when person_count = 1 then any_customer_id end as customer_id,
        person_count,
        person_count > 1 as is_shared

    from browsers

)

select * from classified
