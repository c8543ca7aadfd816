-- Grain: one row per customer, statement, channel and purpose: the period in which it gives or withdraws it.
-- A view: all it adds to the stated periods is which bounces count.
{{ config(materialized='view') }}

with stated as (

    select * from {{ ref('int_consent_stated_periods') }}

),

contacts as (

    select * from {{ ref('contacts') }}

),

-- A bounce counts only for the address in use, unless the rule blocks the person; then a permission given under any
-- contact point ends the bounce of an address no longer in use.
periods as (

    select
        stated.customer_id,
        stated.statement_id,
        stated.channel,
        stated.purpose,
        stated.kind,
        stated.source_system,
        stated.stated_at,
        stated.valid_from,
        case
            when stated.kind = 'hard_bounce' and coalesce(stated.bounced_email <> contacts.email, false)
                then stated.given_anywhere_on
            else stated.valid_to
        end as valid_to

    from stated
    left join contacts
        on stated.customer_id = contacts.customer_id
    where
        stated.kind <> 'hard_bounce'
        or stated.hard_bounce_blocks = 'person'
        or coalesce(stated.bounced_email = contacts.email, true)

)

select * from periods
