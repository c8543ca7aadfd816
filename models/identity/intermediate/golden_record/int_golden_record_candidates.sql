-- Grain: one row per customer, source system and set of values that its records state: all that the golden record is
-- chosen from. Holds identifiers. An implausible value is null, and so is an identifier that many people share.
{{ config(schema='pii') }}

with owned_identifiers as (

    select
        {%- for type in identifier_types() %}
        bool_or(edges.identifier = concat_ws('', '{{ type }}:', profiles.{{ type }})) as owns_{{ type }},
        {%- endfor %}
        profiles.profile_key

    from {{ ref('int_identity_profiles') }} as profiles
    inner join {{ ref('int_identity_edges') }} as edges
        on profiles.profile_key = edges.profile_key
    group by profiles.profile_key

),

people as (

    select
        {%- for type in identifier_types() %}
        coalesce(owned_identifiers.owns_{{ type }}, false) as owns_{{ type }},
        {%- endfor %}
        identities.customer_id,
        identities.source_system,
        identities.source_profile_id

    from {{ ref('int_customer_identities') }} as identities
    inner join {{ ref('int_identity_profiles') }} as profiles
        on identities.profile_number = profiles.profile_number
    left join owned_identifiers
        on identities.profile_key = owned_identifiers.profile_key
    where not profiles.is_deleted

),

stated as (

    {% for place in golden_places() -%}
    select
        people.customer_id,
        people.source_system,
        {%- for field in golden_fields() %}
        {{ golden_value(field, place.fields.get(field)) }} as {{ field }},
        {%- endfor %}
        {%- for unit in golden_units() %}
        cast({{ place.precedences.get(unit, 'null') }} as int) as {{ unit }}_precedence,
        {%- endfor %}
        {{ stated_at(place.relation, 'stated') }} as valued_at
    from (select * from {{ place.table }} where {{ source_map_filter_sql(place) }}) as stated
    inner join people on people.source_system = {{ text_literal(place.profile_system) }}
        and people.source_profile_id = cast(stated.{{ adapter.quote(place.key_column) }} as {{ dbt.type_string() }})
    {{ 'union all' if not loop.last }}
    {% else -%}
    select
        customer_id,
        source_system,
        {%- for field in golden_fields() %}
        cast(null as {{ dbt.type_string() }}) as {{ field }},
        {%- endfor %}
        {%- for unit in golden_units() %}
        cast(null as int) as {{ unit }}_precedence,
        {%- endfor %}
        cast(null as {{ dbt.type_timestamp() }}) as valued_at
    from people
    where 1 = 0
    {% endfor %}

),

statements as (

    select
        customer_id,
        source_system,
        {%- for field in golden_fields() %}
        {{ field }},
        {%- endfor %}
        {%- for unit in golden_units() %}
        min({{ unit }}_precedence) as {{ unit }}_precedence,
        {%- endfor %}
        count(*) as record_count,
        max(valued_at) as valued_at

    from stated
    where coalesce({{ golden_fields() | join(', ') }}) is not null
    group by customer_id, source_system, {{ golden_fields() | join(', ') }}

)

select * from statements
