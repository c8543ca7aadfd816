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
parts as (

    select distinct
        joined_number,
        previous_number

    from joined
    where joined_number is not null

),

names as (

    {{ identity_names(type, "select profile_number, previous_number as person_number, joined_number from joined"
        ~ " where joined_number is not null", ['joined_number']) }}

),

contradicted_people as (

    {{ contradicted_groups(['joined_number'], 'names') }}

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

{# Distinct names by which people are told apart for one type of identifier, of profiles given as a query with
   profile_number, person_number and the columns of `group_columns`. #}
{% macro identity_names(type, profiles_query, group_columns) -%}
    select distinct
        {% for column in group_columns %}members.{{ column }}, {% endfor -%}
        members.person_number,
        case limits.told_apart_by
            when 'first_name' then profiles.first_name_key
            when 'full_name' then profiles.first_name_key || ' ' || profiles.last_name_key
        end as name_key
    from ({{ profiles_query }}) as members
    inner join {{ ref('int_identity_profiles') }} as profiles
        on members.profile_number = profiles.profile_number
    inner join {{ ref('identifier_limits') }} as limits
        on limits.identifier_type = '{{ type }}'
    where profiles.first_name_key is not null
        and (limits.told_apart_by = 'first_name' or profiles.last_name_key is not null)
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

    {{ identity_names(type, 'select * from members', []) }}

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

contradicted as (

    {{ contradicted_groups(['identifier_value'], 'names') }}

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
        end as reason

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
