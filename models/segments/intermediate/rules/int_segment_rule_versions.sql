-- Grain: one row per segment: the version number of its current rule.
with versions as (

    select * from {{ ref('segment_versions') }}

),

rules as (

    select * from {{ ref('int_segment_rules') }}

),

numbered as (

    select
        versions.segment_key,
        -- A rule that was reverted has its own, latest number.
        max(
            case
                when
                    coalesce(versions.rule_fingerprint, '') = coalesce(rules.rule_fingerprint, '')
                    and (versions.effective_from <= {{ as_of_date() }} or versions.change_number = 1)
                    then versions.rule_version
            end
        ) as present_version,
        max(versions.rule_version) as last_version

    from versions
    left join rules
        on versions.segment_key = rules.segment_key
    group by versions.segment_key

),

present as (

    select
        segment_key,
        -- A build for an earlier day does not record a rule that it finds changed; the next current build will.
        coalesce(present_version, last_version + 1) as rule_version

    from numbered

)

select * from present
