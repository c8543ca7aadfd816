-- Grain: one row per two compared versions of a rule and topic on which their conditions differ.
with pairs as (

    select * from {{ ref('int_segment_version_pairs') }}

),

lines as (

    {{ literal_rows({
        'segment_key': dbt.type_string(), 'rule_version': 'integer', 'line': dbt.type_string()
    }, segment_compared_lines()) }}

),

-- The topic of each line of a version, and its text.
conditions as (

    select distinct
        segment_key,
        rule_version,
        split_part(line, ': ', 1) as topic,
        concat_ws(
            '',
            case when line like 'exclude %' then 'leaving out ' when line like 'scope: %' then 'scope ' else '' end,
            substr(line, length(split_part(line, ': ', 1)) + 3)
        ) as words

    from lines

),

{% for side, version in [('before', 'from_version'), ('after', 'to_version')] %}
{{ side }} as (

    select
        pairs.segment_key,
        pairs.from_version,
        pairs.to_version,
        conditions.topic,
        conditions.words

    from pairs
    inner join conditions
        on
            pairs.segment_key = conditions.segment_key
            and pairs.{{ version }} = conditions.rule_version

),

{% endfor %}
differing as (

    select
        coalesce(before.segment_key, after.segment_key) as segment_key,
        coalesce(before.from_version, after.from_version) as from_version,
        coalesce(before.to_version, after.to_version) as to_version,
        coalesce(before.topic, after.topic) as topic,
        before.words as removed,
        after.words as added

    from before
    full outer join after
        on
            before.segment_key = after.segment_key
            and before.from_version = after.from_version
            and before.to_version = after.to_version
            and before.topic = after.topic
            and before.words = after.words
    where before.words is null or after.words is null

),

by_topic as (

    select
        segment_key,
        from_version,
        to_version,
        topic,
        {{ sorted_text_list('added') }} as added_text,
        {{ sorted_text_list('removed') }} as removed_text

    from differing
    group by segment_key, from_version, to_version, topic

),

worded as (

    select
        by_topic.*,
        case
            when removed_text is null then concat_ws('', 'new: ', added_text)
            when added_text is null then concat_ws('', 'no longer: ', removed_text)
            else concat_ws('', removed_text, ' became ', added_text)
        end as change_text

    from by_topic

)

select * from worded
