-- Grain: one row per row of the source map that has a key and one source of truth: how many people or products it
-- covers, how many distinct values it has, how recent they are, and how often they agree with the source of truth.
-- Personal values are compared here and go no further; only counts are stored.
{%- set text = dbt.type_string() %}
{%- set identities = ref('int_customer_identities') %}
{%- set rows = source_map() | selectattr('key_column') | list %}
{%- set truths = rows | selectattr('precedence', 'equalto', '1') | map(attribute='field') | list %}

with newest_values as (

    {#- One select per row of the map: on few lines, so that what is compiled stays short. #}
    -- noqa: disable=LT02,LT05,LT11,LT14
    {% for row in rows if row.is_on and truths.count(row.field) == 1 -%}
    {%- set key = 'cast(stated.' ~ adapter.quote(row.key_column) ~ ' as ' ~ text ~ ')' -%}
    {%- set value = 'lower(trim(cast(stated.' ~ adapter.quote(row.column_name) ~ ' as ' ~ text ~ ')))' -%}
    {%- set entity = 'identities.customer_id' if row.profile_system else key -%}
    select {{ source_map_key_sql(row) }}, {{ 'true' if row.precedence == '1' else 'false' }} as is_truth,
        {{ entity }} as entity, {{ newest_value(value, 'stated.known_at') }} as newest_value,
        max({{ stated_at(row.relation, 'stated') }}) as newest_stated_at from (
        {#- #} select * from {{ row.table }} where {{ source_map_filter_sql(row) }}) as stated
    {%- if row.profile_system %} inner join {{ identities }} as identities on identities.source_profile_id = {{ key }}
    {#- #} and identities.source_system = {{ text_literal(row.profile_system) }}
    {%- endif %}
    where stated.{{ adapter.quote(row.column_name) }} is not null group by {{ entity }} union all
    {% endfor -%}
    {{ literal_rows({
        'field': text, 'source': text, 'relation': text, 'column_name': text, 'filter_value': text,
        'profile_system': text, 'is_truth': 'boolean', 'entity': text, 'newest_value': text,
        'newest_stated_at': dbt.type_timestamp()
    }, []) }}
    -- noqa: enable=LT02,LT05,LT11,LT14

),

aged as (

    select
        newest_values.*,
        {{ days_between(business_date('newest_stated_at'), as_of_date()) }} as age_days

    from newest_values

),

stated as (

    select
        field,
        source,
        relation,
        column_name,
        filter_value,
        profile_system,
        count(*) as entity_count,
        count(distinct newest_value) as distinct_count,
        count(*) filter (where age_days < {{ var('profile_recency_days') | int }}) as recent_count,
        median(cast(age_days as double)) as median_age_days

    from aged
    group by field, source, relation, column_name, filter_value, profile_system

),

compared as (

    select
        others.field,
        others.source,
        others.relation,
        others.column_name,
        others.filter_value,
        others.profile_system,
        count(*) as compared_count,
        count(*) filter (where others.newest_value = truths.newest_value) as agreed_count

    from newest_values as others
    inner join newest_values as truths
        on others.field = truths.field and others.entity = truths.entity
    where truths.is_truth and not others.is_truth
    group by
        others.field, others.source, others.relation, others.column_name, others.filter_value, others.profile_system

),

joined as (

    select
        stated.*,
        compared.compared_count,
        compared.agreed_count

    from stated
    left join compared
        on
            stated.field = compared.field
            and stated.source = compared.source
            and stated.relation = compared.relation
            and stated.column_name = compared.column_name
            and stated.filter_value = compared.filter_value
            and stated.profile_system = compared.profile_system

)

select * from joined
