-- Grain: one row per customer and active segment on as_of_date.
with matches as (

    select * from {{ ref('int_segment_matches') }}

),

definitions as (

    select * from {{ ref('int_segment_definitions') }}
    where effective_status = 'active'

),

ranked as (

    select
        matches.as_of_date,
        matches.customer_id,
        matches.segment_key,
        definitions.priority,
        row_number() over (
            partition by matches.as_of_date, matches.customer_id
            order by definitions.priority, matches.segment_key
        ) = 1 as is_primary,
        matches.as_of_date as entered_date,
        definitions.rule_version

    from matches
    inner join definitions
        on matches.segment_key = definitions.segment_key

)

select * from ranked
