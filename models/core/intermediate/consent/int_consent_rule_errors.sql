-- Grain: one row per fault of the consent seeds: the row, what is wrong, and what was probably meant.
{%- set choices = {
    'consent_rules': {
        'channel': contact_channels() + ['all'],
        'requires_double_opt_in': ['true', 'false'],
        'renewed_by': ['statement', 'use'],
        'across_profiles': ['strictest', 'newest'],
        'hard_bounce_blocks': ['person', 'address', 'no'],
        'complaint_blocks': ['true', 'false']
    },
    'consent_signals': {
        'source': ['klaviyo', 'shopify', 'hubspot'],
        'channel': contact_channels(),
        'counts_as': ['opted_in', 'opted_out', 'nothing'],
        'signal': [
            'unsubscribed_email', 'unsubscribed_sms', 'accepts_marketing_true', 'accepts_marketing_false',
            'accepts_marketing_withdrawn', 'email_opt_out_true'
        ]
    }
} %}
{%- set needed = {
    'consent_rules': [
        'email, marketing', 'sms, marketing', 'phone, marketing', 'post, marketing', 'ads, marketing',
        'all, profiling', 'all, legal_hold', 'all, do_not_contact'
    ],
    'consent_signals': [
        'klaviyo, unsubscribed_email', 'klaviyo, unsubscribed_sms', 'shopify, accepts_marketing_true',
        'shopify, accepts_marketing_false', 'shopify, accepts_marketing_withdrawn', 'hubspot, email_opt_out_true'
    ]
} %}
with rules as (

    select * from {{ ref('int_consent_rules') }}

),

signals as (

    select
        lower(trim(coalesce(channel, ''))) as channel,
        lower(trim(coalesce(signal, ''))) as signal,
        lower(trim(coalesce(counts_as, ''))) as counts_as,
        lower(trim(coalesce(source, ''))) as source,
        concat(lower(trim(coalesce(source, ''))), ', ', lower(trim(coalesce(signal, '')))) as row_text

    from {{ ref('consent_signals') }}

),

cells as (
    {%- for seed, columns in choices.items() %}
    {%- set seeds_loop = loop %}
    {%- for cell, allowed in columns.items() %}

    select
        '{{ seed }}' as seed_name,
        row_text,
        '{{ cell }}' as cell,
        {{ cell }} as given,
        '{{ allowed | join('|') }}' as choices
    from {{ 'rules' if seed == 'consent_rules' else 'signals' }}
    {{ 'union all' if not (loop.last and seeds_loop.last) }}
    {%- endfor %}
    {%- endfor %}

),

wrong_cells as (

    select
        seed_name,
        row_text,
        cell,
        given,
        {{ split_to_rows('choices') }} as choice

    from cells
    where not {{ has_item_of('choices', 'given') }} or given like '%|%'

),

rows_there as (

    select
        'consent_rules' as seed_name,
        row_text

    from rules

    union all

    select
        'consent_signals' as seed_name,
        row_text

    from signals

),

needed as (
    {%- for seed, rows in needed.items() %}
    {%- set needed_loop = loop %}
    {%- for row in rows %}

    select
        '{{ seed }}' as seed_name,
        '{{ row }}' as row_text
    {{ 'union all' if not (loop.last and needed_loop.last) }}
    {%- endfor %}
    {%- endfor %}

),

faults as (

    select
        seed_name,
        row_text,
        concat(cell, ' is `', given, '`') as reason,
        concat('did you mean `', min_by(choice, {{ name_distance('given', 'choice') }}), '`?') as suggestion

    from wrong_cells
    group by seed_name, row_text, cell, given

    union all

    select
        'consent_rules',
        row_text,
        concat('expires_after_days is `', expires_after_days, '`'),
        'write a whole number of days such as 1095, or leave it empty when permission does not lapse'

    from rules
    where
        expires_after_days <> ''
        and coalesce({{ whole_number('expires_after_days') }}, 0) not between 1 and 36500

    union all

    select
        'consent_rules',
        row_text,
        concat('the purpose `', purpose, '` is not a purpose'),
        'use lower-case letters, digits and underscores, such as marketing'

    from rules
    where {{ regexp_keep('purpose', '^[a-z][a-z0-9_]*$') }} = ''

    union all

    select
        'consent_rules',
        row_text,
        concat('the purpose `', purpose, '` is about the person, not about a channel'),
        'delete the row; the one for `all` is there'

    from rules
    where
        channel <> 'all'
        and purpose in ('profiling', 'legal_hold', 'do_not_contact')

    union all

    select
        'consent_rules',
        row_text,
        concat('the purpose `', purpose, '` stands under `all`'),
        'write a row for each channel: permission is given for one'

    from rules
    where
        channel = 'all'
        and purpose not in ('profiling', 'legal_hold', 'do_not_contact')

    union all

    select
        seed_name,
        row_text,
        'it stands there twice',
        'delete one of the rows'

    from rows_there
    group by seed_name, row_text
    having count(*) > 1

    union all

    select
        needed.seed_name,
        needed.row_text,
        'the row is missing',
        'add it back: without it nobody knows what counts there'

    from needed
    left join rows_there
        on
            needed.seed_name = rows_there.seed_name
            and needed.row_text = rows_there.row_text
    where rows_there.row_text is null

)

select distinct * from faults
