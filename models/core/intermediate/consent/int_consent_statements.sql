-- Grain: one row per statement, channel and purpose that it applies to; int_consent_subjects adds the customers.
{{ config(materialized='view') }}

with stated as (

    select * from {{ ref('int_consent_stated') }}

),

rules as (

    select * from {{ ref('int_consent_rules') }}

),

purposes as (

    select distinct purpose from rules

),

-- A statement that is not understood can withdraw permission but never gives it: an opt-out for a purpose without a
-- rule counts for marketing, an opt-out on an unknown channel counts for every channel.
understood as (

    select
        stated.statement_id,
        stated.source_system,
        stated.source_profile_id,
        stated.kind,
        stated.email,
        stated.phone,
        stated.loyalty_number,
        stated.shop_customer_id,
        stated.stated_at,
        case when stated.kind in ('hard_bounce', 'spam_complaint') then 'every' else stated.channel end as channel,
        case when purposes.purpose is not null or stated.kind <> 'opted_out' then stated.purpose else 'marketing' end
            as purpose

    from stated
    left join purposes
        on stated.purpose = purposes.purpose

),

statements as (

    select
        understood.statement_id,
        understood.source_system,
        understood.source_profile_id,
        rules.channel,
        rules.purpose,
        -- Where single opt-in is enough, a permission awaiting confirmation counts.
        case
            when understood.kind in ('pending', 'single_opt_in') and rules.requires_double_opt_in <> 'true' then 'opted_in'
            else understood.kind
        end as kind,
        understood.email,
        understood.phone,
        understood.loyalty_number,
        understood.shop_customer_id,
        understood.stated_at

    from understood
    inner join rules
        on understood.purpose = rules.purpose
    where
        (
            rules.channel in ('all', understood.channel)
            or understood.channel = 'every'
            or (understood.channel is null and understood.kind = 'opted_out')
        )
        -- Unlike a pending statement, it asks for no answer: where it is not enough, it says nothing.
        and (understood.kind <> 'single_opt_in' or rules.requires_double_opt_in <> 'true')
        and (understood.kind <> 'hard_bounce' or rules.hard_bounce_blocks <> 'no')
        and (understood.kind <> 'spam_complaint' or rules.complaint_blocks = 'true')

)

select * from statements
