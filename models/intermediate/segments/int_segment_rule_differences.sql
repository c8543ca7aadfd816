-- Grain: one row per version of a rule after the first, and what its conditions are about where they differ.
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

conditions as (

    select
        segment_key,
        rule_version,
        split_part(line, ': ', 1) as topic,
        concat(
            case when line like 'exclude %' then 'out when ' when line like 'scope: %' then 'scope ' else '' end,
            substr(line, length(split_part(line, ': ', 1)) + 3)
        ) as words

    from lines

),

differing as (

    select
        conditions.segment_key,
        conditions.rule_version,
        conditions.topic,
        conditions.words as added,
        cast(null as {{ dbt.type_string() }}) as removed

    from conditions
    left join conditions as earlier
        on
            conditions.segment_key = earlier.segment_key
            and conditions.rule_version = earlier.rule_version + 1
            and conditions.topic = earlier.topic
            and conditions.words = earlier.words
    where conditions.rule_version > 1 and earlier.segment_key is null

    union all

    select
        versions.segment_key,
        versions.rule_version,
        earlier.topic,
        cast(null as {{ dbt.type_string() }}),
        earlier.words

    from conditions as earlier
    inner join versions
        on
            earlier.segment_key = versions.segment_key
            and versions.rule_version = earlier.rule_version + 1
    left join conditions
        on
            versions.segment_key = conditions.segment_key
            and versions.rule_version = conditions.rule_version
            and earlier.topic = conditions.topic
            and earlier.words = conditions.words
    where conditions.segment_key is null

),

by_topic as (

    select
        segment_key,
        rule_version,
        topic,
        {{ sorted_text_list('added') }} as added_text,
        {{ sorted_text_list('removed') }} as removed_text

    from differing
    group by segment_key, rule_version, topic

),

worded as (

    select
        segment_key,
        rule_version,
        topic,
        added_text,
        removed_text,
        case
            when removed_text is null then concat('new: ', added_text)
            when added_text is null then concat('no longer: ', removed_text)
            else concat(removed_text, ' became ', added_text)
        end as change_text

    from by_topic

)

select * from worded
