-- Grain: one row per channel and purpose: what permission needs there, and what ends it.
{{ config(materialized='view') }}

with rules as (

    select
        lower(trim(coalesce(channel, ''))) as channel,
        lower(trim(coalesce(purpose, ''))) as purpose,
        lower(trim(coalesce(requires_double_opt_in, ''))) as requires_double_opt_in,
        trim(coalesce(expires_after_days, '')) as expires_after_days,
        lower(trim(coalesce(renewed_by, ''))) as renewed_by,
        lower(trim(coalesce(across_profiles, ''))) as across_profiles,
        lower(trim(coalesce(hard_bounce_blocks, ''))) as hard_bounce_blocks,
        lower(trim(coalesce(complaint_blocks, ''))) as complaint_blocks,
        trim(coalesce(reason, '')) as reason

    from {{ ref('consent_rules') }}

),

named as (

    select
        *,
        concat_ws('', channel, ', ', purpose) as row_text

    from rules

)

select * from named
