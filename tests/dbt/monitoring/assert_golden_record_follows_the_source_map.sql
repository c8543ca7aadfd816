-- One row per customer whose golden record says something else than the newest word of the field's source of truth.
-- Says which field and whose record, never the value.
{%- set columns = {'country': 'country_code', 'region': 'region', 'gender': 'gender', 'language': 'language'} %}
with spoken as (

    {% for field, column in columns.items() %}
    select
        '{{ field }}' as field,
        identities.customer_id,
        stated.{{ column }} as stated_value,
        rank() over (partition by identities.customer_id order by stated.known_at desc) as newness

    from {{ ref('stg_crm__profiles') }} as stated
    inner join {{ ref('int_customer_identities') }} as identities
        on identities.source_system = 'crm' and stated.profile_id = identities.source_profile_id
    where stated.{{ column }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

golden as (

    {% for field, column in columns.items() %}
    select
        '{{ field }}' as field,
        customer_id,
        {{ column }} as golden_value

    from {{ ref('customers') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- These fields are taken from the CRM in the code: the map must say so, or both have to change.
truths as (

    select field
    from {{ ref('source_map') }}
    where is_source_of_truth and relation = 'stg_crm__profiles'

),

not_said_by_the_map as (

    select distinct
        golden.field,
        'the map names another source of truth' as problem,
        cast(null as {{ dbt.type_string() }}) as customer_id

    from golden
    left join truths
        on golden.field = truths.field
    where truths.field is null

),

not_followed as (

    select
        golden.field,
        'another value than the source of truth has' as problem,
        golden.customer_id

    from golden
    inner join spoken
        on golden.field = spoken.field and golden.customer_id = spoken.customer_id
    where spoken.newness = 1
    group by golden.field, golden.customer_id, golden.golden_value
    having count(*) filter (where spoken.stated_value = golden.golden_value) = 0

)

select * from not_said_by_the_map
union all
select * from not_followed
