-- Grain: one row per fault of a segment's definition, but for those of names, days and the order of segments.
{%- set needed = [
    'segment_name', 'business_purpose', 'included', 'excluded', 'required_data', 'refresh_cadence', 'owner', 'priority',
    'channels', 'approved_uses', 'success_measure', 'review_rule', 'next_action', 'status', 'segment_kind', 'scope'
] %}
{%- set choices = {
    'status': ['draft', 'in_review', 'approved', 'active', 'paused', 'retired'],
    'refresh_cadence': ['daily', 'weekly', 'monthly'],
    'segment_kind': ['dynamic', 'ad_hoc'],
    'scope': ['people', 'all'],
    'risk_class': ['none', 'credit', 'pricing', 'eligibility', 'service_priority', 'sensitive']
} %}
with definitions as (

    select
        *,
        trim(segment_key) as trimmed_key

    from {{ ref('segment_definitions') }}

),

channels as (

    select
        trimmed_key,
        {{ split_to_rows("lower(trim(channels))") }} as channel

    from definitions
    where nullif(trim(channels), '') is not null

),

conditions as (

    select distinct segment_key
    from {{ ref('int_segment_conditions') }}
    where kind = 'include'

),

faults as (

    select
        trimmed_key as segment_key,
        true as is_structural,
        concat('the key `', coalesce(trimmed_key, ''), '` is not a key') as reason,
        'use lower-case letters, digits and underscores, starting with a letter, at most 60' as suggestion

    from definitions
    where {{ regexp_keep("coalesce(trimmed_key, '')", '^[a-z][a-z0-9_]{1,59}$') }} = ''

    union all

    select
        trimmed_key,
        true,
        'the key stands there more than once',
        'give every segment its own key'

    from definitions
    group by trimmed_key
    having count(*) > 1
    {%- for name in needed %}

    union all

    select
        trimmed_key,
        false,
        'the column {{ name }} is empty',
        'fill it; every segment has a full specification'

    from definitions
    where nullif(trim({{ name }}), '') is null
    {%- endfor %}
    {%- for name, allowed in choices.items() %}

    union all

    select
        trimmed_key,
        {{ 'true' if name == 'status' else 'false' }},
        concat('{{ name }} is `', {{ name }}, '`'),
        'write one of {{ allowed | join(", ") }}'

    from definitions
    where
        nullif(trim({{ name }}), '') is not null
        and lower(trim({{ name }})) not in (
            {%- for choice in allowed %}
            '{{ choice }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
    {%- endfor %}

    union all

    select
        trimmed_key,
        false,
        concat('channel `', channel, '` is not known'),
        'use email, sms, ads, direct_mail, onsite, service or store, joined by |'

    from channels
    where trim(channel) not in ('email', 'sms', 'ads', 'direct_mail', 'onsite', 'service', 'store')

    union all

    select
        definitions.trimmed_key,
        false,
        'it has no include condition, so nobody can be in it',
        'add a row to segment_rule_conditions, or make it a draft'

    from definitions
    left join conditions
        on definitions.trimmed_key = conditions.segment_key
    where conditions.segment_key is null

),

named as (

    select
        'segment_definitions' as seed_name,
        segment_key,
        coalesce(segment_key, '(no key)') as row_text,
        is_structural,
        reason,
        suggestion

    from faults

)

select distinct * from named
