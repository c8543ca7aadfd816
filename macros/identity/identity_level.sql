{# Identity is resolved in levels: account numbers first, then e-mail addresses, then telephones. Each level joins the
   people of the level before, where nothing that is known of them already tells them apart. #}

{# The people so far, joined by one more level: one row per profile, with the person's number (`person_number`, the
   smallest profile number of the person). Where a chain of joins has brought together what contradicts itself, none of
   this level's joins of that person stand. `previous` is the level before, none at the first. #}
{% macro identity_level(type, previous, joins) -%}
with previous as (

    {% if previous -%}
    select profile_number, person_number from {{ previous }}
    {%- else -%}
    select profile_number, profile_number as person_number from {{ ref('int_identity_profiles') }}
    {%- endif %}

),

joined as (

    select
        previous.profile_number,
        previous.person_number as previous_number,
        joins.component as joined_number

    from previous
    left join {{ joins }} as joins
        on previous.person_number = joins.node

),

cut_people as (

    select distinct left_side.joined_number

    from {{ ref('int_identity_cuts') }} as cuts
    inner join joined as left_side
        on cuts.left_number = left_side.profile_number
    inner join joined as right_side
        on cuts.right_number = right_side.profile_number
            and left_side.joined_number = right_side.joined_number

),
{% if previous %}
names as (

    {{ identity_names(type, "select profile_number, previous_number as person_number, joined_number from joined"
        ~ " where joined_number is not null", ['joined_number'], all_forms=false) }}

),

doubtful_people as (

    {{ contradicted_groups(['joined_number'], 'names') }}

),

doubtful_names as (

    {{ identity_names(type, "select joined.profile_number, joined.previous_number as person_number,"
        ~ " joined.joined_number from joined inner join doubtful_people"
        ~ " on joined.joined_number = doubtful_people.joined_number", ['joined_number']) }}

),

contradicted_people as (

    {{ contradicted_groups(['joined_number'], 'doubtful_names') }}

),

crowded_people as (

    select joined.joined_number
    from joined
    inner join {{ ref('int_identity_identifiers') }} as identifiers
        on joined.profile_number = identifiers.profile_number
    inner join {{ ref('identifier_limits') }} as limits
        on identifiers.identifier_type = limits.identifier_type
    where joined.joined_number is not null and identifiers.identifier_type = '{{ type }}'
    group by joined.joined_number
    having count(distinct identifiers.identifier_value) > min(limits.max_per_person)

),
{% endif %}
undone as (

    select joined_number from cut_people
    {%- if previous %}
    union
    select joined_number from contradicted_people
    union
    select joined_number from crowded_people
    {%- endif %}

),

people as (

    select
        joined.profile_number,
        case
            when joined.joined_number is null or undone.joined_number is not null then joined.previous_number
            else joined.joined_number
        end as person_number

    from joined
    left join undone
        on joined.joined_number = undone.joined_number

)

select * from people
{%- endmacro %}

{# Forms of the names by which people are told apart for one type of identifier, of profiles given as a query with
   profile_number, person_number and the columns of `group_columns`. One form that two people share is enough for them
   to be one: names are shortened, swapped with each other and mistyped. #}
{% macro identity_names(type, profiles_query, group_columns, all_forms=true) -%}
    {%- set group = group_columns + ['person_number'] %}
    with members as (
        select distinct
            {% for column in group %}chosen.{{ column }}, {% endfor -%}
            profiles.first_letters,
            profiles.first_name_key,
            profiles.last_name_key,
            limits.told_apart_by
        from ({{ profiles_query }}) as chosen
        inner join {{ ref('int_identity_profiles') }} as profiles
            on chosen.profile_number = profiles.profile_number
        inner join {{ ref('identifier_limits') }} as limits
            on limits.identifier_type = '{{ type }}'
        where profiles.first_name_key is not null and limits.told_apart_by <> 'nothing'
    )

    select distinct
        {% for column in group %}{{ column }}, {% endfor -%}
        name_key
    from (
        {{ name_forms(group | join(', '), all_forms) }}
    ) as forms
    where name_key is not null
{%- endmacro %}

{# The forms of each of `members`: the given name's first letters, or both names. Where these disagree, more forms of
   the same names are tried (`all_forms`), which are many and cost time: both names, whichever comes first, and where
   the given name alone tells people apart, it with at most one letter left out anywhere, so that two such forms meet
   where one letter was mistyped. Names of fewer than 5 letters are too near each other for that. #}
{% macro name_forms(columns, all_forms) -%}
    {%- set longest = 12 %}
        select
            {{ columns }},
            case told_apart_by
                when 'first_name' then 'first ' || first_name_key
                else 'full ' || first_name_key || ' ' || last_name_key
            end as name_key
        from members
        {%- if all_forms %}
        union all
        select
            {{ columns }},
            'both ' || least(first_letters, last_name_key) || ' ' || greatest(first_letters, last_name_key) as name_key
        from members
        where first_letters is not null and last_name_key is not null
        union all
        select
            {{ columns }},
            'but one ' || substr(first_letters, 1, place - 1) || substr(first_letters, place + 1) as name_key
        from members
        inner join (
            {% for place in range(1, longest + 2) -%}
            select {{ place }} as place{{ ' union all ' if not loop.last }}
            {%- endfor %}
        ) as places
            -- The last place leaves out nothing.
            on places.place <= length(members.first_letters) or places.place = {{ longest + 1 }}
        where told_apart_by = 'first_name' and length(first_letters) between 5 and {{ longest }}
        {%- endif %}
{%- endmacro %}

{# What joins people at one level: identifiers that may, and, of an identifier that several people share, those whose
   names have a form in common. Who carries no name may be any of them, and stays apart; a crowd's address joins nobody
   at all. #}
{% macro identity_level_joins(type, previous, values) -%}
with shown as (

    select * from {{ values }}

),

contested as (

    select
        identifier_value,
        person_number

    from shown
    where reason = 'names_differ' and not is_crowd

),

named as (

    {{ identity_names(
        type,
        "select people.profile_number, people.person_number from " ~ previous ~ " as people"
        ~ " inner join (select distinct person_number from contested) as wanted"
        ~ " on people.person_number = wanted.person_number",
        []
    ) }}

),

links as (

    select
        person_number as node,
        identifier_value as link
    from shown
    where reason is null

    union all

    select
        contested.person_number as node,
        contested.identifier_value || ' of ' || named.name_key as link

    from contested
    inner join named
        on contested.person_number = named.person_number

)

select * from links
{%- endmacro %}

{# Groups of people of whom some carry names, but no name that all of these share. `names` holds, without repeats,
   the columns of `group_columns`, person_number and name_key. #}
{% macro contradicted_groups(group_columns, names) -%}
    {%- set group = group_columns | join(', ') -%}
    select {% for column in group_columns %}shared.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from (
        select {{ group }}, name_key, count(*) as sharing_count
        from {{ names }}
        group by {{ group }}, name_key
    ) as shared
    inner join (
        select {{ group }}, count(distinct person_number) as named_count
        from {{ names }}
        group by {{ group }}
    ) as named
        on
            {% for column in group_columns -%}
            shared.{{ column }} = named.{{ column }}{{ ' and ' if not loop.last }}
            {%- endfor %}
    group by {% for column in group_columns %}shared.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    having max(shared.sharing_count) < max(named.named_count)
{%- endmacro %}

{# Every identifier of one type that several of the people so far show: one row per identifier and person, and why it
   must not join them (`reason`; null where it may). #}
{% macro identity_level_values(type, previous) -%}
with shown as (

    select distinct
        identifiers.identifier_value,
        people.person_number

    from {{ ref('int_identity_identifiers') }} as identifiers
    inner join {{ previous }} as people
        on identifiers.profile_number = people.profile_number
    left join {{ ref('int_identity_blocked_values') }} as blocked
        on identifiers.identifier_type = blocked.identifier_type
            and identifiers.identifier_value = blocked.identifier_value
    where identifiers.identifier_type = '{{ type }}' and blocked.identifier_value is null

),

several as (

    select identifier_value
    from shown
    group by identifier_value
    having count(*) > 1

),

candidates as (

    select
        shown.identifier_value,
        shown.person_number

    from shown
    inner join several
        on shown.identifier_value = several.identifier_value

),

members as (

    select
        people.profile_number,
        people.person_number

    from {{ previous }} as people
    inner join (select distinct person_number from candidates) as wanted
        on people.person_number = wanted.person_number

),

person_names as (

    {{ identity_names(type, 'select * from members', [], all_forms=false) }}

),

names as (

    select
        candidates.identifier_value,
        candidates.person_number,
        person_names.name_key

    from candidates
    inner join person_names
        on candidates.person_number = person_names.person_number

),

doubtful as (

    {{ contradicted_groups(['identifier_value'], 'names') }}

),

doubtful_candidates as (

    select candidates.* from candidates
    inner join doubtful
        on candidates.identifier_value = doubtful.identifier_value

),

doubtful_person_names as (

    {{ identity_names(type, "select members.* from members inner join (select distinct person_number"
        ~ " from doubtful_candidates) as wanted on members.person_number = wanted.person_number", []) }}

),

doubtful_names as (

    select
        doubtful_candidates.identifier_value,
        doubtful_candidates.person_number,
        doubtful_person_names.name_key

    from doubtful_candidates
    inner join doubtful_person_names
        on doubtful_candidates.person_number = doubtful_person_names.person_number

),

contradicted as (

    {{ contradicted_groups(['identifier_value'], 'doubtful_names') }}

),

-- Who is somebody without this identifier: by an account or, for a telephone, by an e-mail address.
known_people as (

    select distinct members.person_number

    from members
    inner join {{ ref('int_identity_profiles') }} as profiles
        on members.profile_number = profiles.profile_number
    where profiles.source_system in ({{ literal_list(account_identifier_issuers().values()) }})
        {%- if type != 'email' %}
        or profiles.email is not null
        {%- endif %}

),

counted as (

    select
        candidates.identifier_value,
        count(known_people.person_number) as known_count,
        count(case when named.person_number is null then known_people.person_number end) as known_unnamed_count

    from candidates
    left join known_people
        on candidates.person_number = known_people.person_number
    left join (select distinct person_number from person_names) as named
        on candidates.person_number = named.person_number
    group by candidates.identifier_value

),

cut_values as (

    select distinct left_side.identifier_value

    from {{ ref('int_identity_cuts') }} as cuts
    inner join members as left_members
        on cuts.left_number = left_members.profile_number
    inner join members as right_members
        on cuts.right_number = right_members.profile_number
    inner join candidates as left_side
        on left_members.person_number = left_side.person_number
    inner join candidates as right_side
        on right_members.person_number = right_side.person_number
            and left_side.identifier_value = right_side.identifier_value
            and left_side.person_number <> right_side.person_number

),

judged as (

    select
        candidates.identifier_value,
        candidates.person_number,
        case
            when cut_values.identifier_value is not null then 'cut_by_hand'
            when contradicted.identifier_value is not null then 'names_differ'
            when counted.known_count > limits.max_people then 'too_many_people'
            when limits.needs_name and counted.known_count > 1 and counted.known_unnamed_count > 0
                then 'people_without_name'
        end as reason,
        counted.known_count > limits.max_people as is_crowd

    from candidates
    inner join counted
        on candidates.identifier_value = counted.identifier_value
    inner join {{ ref('identifier_limits') }} as limits
        on limits.identifier_type = '{{ type }}'
    left join contradicted
        on candidates.identifier_value = contradicted.identifier_value
    left join cut_values
        on candidates.identifier_value = cut_values.identifier_value

)

select * from judged
{%- endmacro %}
