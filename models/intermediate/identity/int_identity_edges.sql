-- Grain: one row per profile and identifier value that it shows and that may link people.
with profiles as (

    select * from {{ ref('int_identity_profiles') }}

),

shown as (

    {% for type in identifier_types() %}
    select
        profile_key,
        source_system,
        '{{ type }}' as identifier_type,
        {{ type }} as identifier_value

    from profiles
    where {{ type }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

distinct_values as (

    select distinct
        identifier_type,
        identifier_value

    from shown

),

blocked_values as (

    select distinct
        distinct_values.identifier_type,
        distinct_values.identifier_value

    from distinct_values
    inner join {{ ref('blocked_identifiers') }} as blocked
        on distinct_values.identifier_type = blocked.identifier_type
            and regexp_extract(distinct_values.identifier_value, blocked.pattern, 0) <> ''

),

-- An identifier that stands on several accounts of one source belongs to a till or a family, not to a person.
crowds as (

    select
        shown.identifier_type,
        shown.identifier_value,
        max(limits.max_profiles) as max_profiles,
        count(distinct case when shown.source_system = 'crm' then shown.profile_key end) as crm_count,
        count(distinct case when shown.source_system = 'shopify' then shown.profile_key end) as shop_count,
        count(distinct case when shown.source_system = 'loyalty' then shown.profile_key end) as loyalty_count

    from shown
    inner join {{ ref('identifier_limits') }} as limits
        on shown.identifier_type = limits.identifier_type
    group by shown.identifier_type, shown.identifier_value

),

shared_values as (

    select
        identifier_type,
        identifier_value

    from crowds
    where greatest(crm_count, shop_count, loyalty_count) > max_profiles

),

linking as (

    select
        shown.profile_key,
        concat(shown.identifier_type, ':', shown.identifier_value) as identifier

    from shown
    left join blocked_values
        on shown.identifier_type = blocked_values.identifier_type
            and shown.identifier_value = blocked_values.identifier_value
    left join shared_values
        on shown.identifier_type = shared_values.identifier_type
            and shown.identifier_value = shared_values.identifier_value
    where blocked_values.identifier_value is null
        and shared_values.identifier_value is null

)

select * from linking
