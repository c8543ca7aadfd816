-- Grain: one row per breach of the naming standard: names that people tell apart, tags that can be searched.
with definitions as (

    select
        trim(segment_key) as segment_key,
        segment_name,
        lower(trim(segment_name)) as plain_name,
        tags

    from {{ ref('segment_definitions') }}
    where nullif(trim(segment_key), '') is not null

),

tags as (

    select
        segment_key,
        {{ split_to_rows('tags') }} as tag

    from definitions
    where nullif(trim(tags), '') is not null

),

faults as (

    select
        segment_key,
        concat(
            'the name `', trim(segment_name), '` is too ',
            case when length(trim(segment_name)) < 3 then 'short' else 'long' end
        )
            as reason,
        'give it a name of 3 to 60 letters' as suggestion

    from definitions
    where trim(segment_name) <> '' and length(trim(segment_name)) not between 3 and 60

    union all

    select
        segment_key,
        concat('the name `', trim(segment_name), '` begins or ends with a blank'),
        'delete the blank'

    from definitions
    where trim(segment_name) <> '' and segment_name <> trim(segment_name)

    union all

    select
        segment_key,
        concat('the name `', trim(segment_name), '` has the word ', {{ segment_loose_word('plain_name') }}),
        'name it after the people in it; what is tried out or left over needs no segment'

    from definitions
    where {{ segment_loose_word('plain_name') }} <> ''

    union all

    select
        definitions.segment_key,
        concat('the name `', trim(definitions.segment_name), '` is also that of `', min(others.segment_key), '`'),
        'give every segment its own name, whatever the capitals'

    from definitions
    inner join definitions as others
        on
            definitions.plain_name = others.plain_name
            and definitions.segment_key <> others.segment_key
    where definitions.plain_name <> ''
    group by definitions.segment_key, definitions.segment_name

    union all

    select
        segment_key,
        concat('tag `', trim(tag), '` is not a tag'),
        'use lower-case letters, digits and underscores, starting with a letter, joined by |'

    from tags
    where {{ regexp_keep('trim(tag)', '^[a-z][a-z0-9_]{1,29}$') }} = ''

),

named as (

    select
        'segment_definitions' as seed_name,
        segment_key,
        segment_key as row_text,
        false as is_structural,
        reason,
        suggestion

    from faults

)

select distinct * from named
