-- Grain: one row per two versions of a rule that are compared: each with the previous one, and the one in force with
-- the one last approved.
with versions as (

    select distinct
        segment_key,
        rule_version

    from {{ ref('segment_versions') }}

),

approved_versions as (

    select * from {{ ref('int_segment_approved_versions') }}

),

pairs as (

    select
        segment_key,
        rule_version - 1 as from_version,
        rule_version as to_version

    from versions
    where rule_version > 1

    union

    select
        segment_key,
        approved_version,
        present_version

    from approved_versions
    where approved_version <> present_version

)

select * from pairs
