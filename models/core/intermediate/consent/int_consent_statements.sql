-- Grain: one row per statement, and channel and purpose that it is about; what it says of whom is decided later.
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

-- What is not understood takes permission away and never gives any: an opt-out for a purpose without a rule is one of
-- marketing, an opt-out on a channel that we do not know is one on every channel.
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
        -- Where one yes is enough, one that waits for its confirmation is a yes.
        case
            when understood.kind = 'pending' and rules.requires_double_opt_in <> 'true' then 'opted_in'
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
        and (understood.kind <> 'hard_bounce' or rules.hard_bounce_blocks <> 'no')
        and (understood.kind <> 'spam_complaint' or rules.complaint_blocks = 'true')

)

select * from statements
