-- Grain: one row per segment: the running number of its rule as it is now.
with versions as (

    select * from {{ ref('segment_versions') }}

),

rules as (

    select * from {{ ref('int_segment_rules') }}

),

numbered as (

    select
        versions.segment_key,
        -- A meaning that came back has a number of its own, the last one.
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
        -- A build that looks back does not record the meaning that it finds; the next one that counts will.
        coalesce(present_version, last_version + 1) as rule_version

    from numbered

)

select * from present
