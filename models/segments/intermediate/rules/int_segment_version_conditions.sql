-- Grain: one row per version of a rule and line of what it says: what the line is about, and its words.
with versions as (

    select
        segment_key,
        rule_version,
        max(conditions) as conditions

    from {{ ref('segment_versions') }}
    group by segment_key, rule_version

),

lines as (

    select
        segment_key,
        rule_version,
        {{ split_to_rows("replace(replace(conditions, '|', '/'), chr(10), '|')") }} as line

    from versions

),

worded as (

    select
        segment_key,
        rule_version,
        split_part(line, ': ', 1) as topic,
        concat(
            case when line like 'exclude %' then 'out when ' when line like 'scope: %' then 'scope ' else '' end,
            substr(line, length(split_part(line, ': ', 1)) + 3)
        ) as words

    from lines

)

select distinct * from worded
