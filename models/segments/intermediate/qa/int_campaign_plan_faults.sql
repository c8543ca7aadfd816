-- Grain: one row per fault in a row of the seed campaign_plans, but for what it promotes.
{%- set share = ['a share from 0 to 1, such as 0.15 for 15 %, or leave it empty', 'number between 0 and 1'] %}
{%- set count = ['a whole number, or leave it empty', 'number = round(number)'] %}
{%- set kinds = {
    'plan_key': ['lower-case letters, digits and underscores, starting with a letter, at most 60', 'is_key'],
    'owner': ['who answers for the plan', "given <> ''"],
    'starts_on': ['a day such as 2026-07-15', 'day is not null'],
    'ends_on': ['a day such as 2026-07-15, or leave it empty', 'day is not null'],
    'planned_discount_rate': share, 'holdout_share': share, 'baseline_rate': share,
    'minimum_detectable_effect': share, 'expected_count_low': count, 'expected_count_high': count
} %}
{%- set needed = ['plan_key', 'owner', 'starts_on'] %}
with plans as (

    select
        coalesce(nullif(trim(plan_key), ''), '(no key)') as row_text,
        {%- for name in kinds %}
        trim(coalesce({{ name }}, '')) as {{ name }},
        {%- endfor %}
        trim(coalesce(segment_key, '')) as segment_key,
        lower(trim(coalesce(channel, ''))) as channel

    from {{ ref('campaign_plans') }}

),

segments as (

    select
        trim(segment_key) as segment_key,
        lower(trim(coalesce(channels, ''))) as channels

    from {{ ref('segment_definitions') }}
    where nullif(trim(segment_key), '') is not null

),

-- Each plan beside every segment, for its own and for the nearest.
meant as (

    select
        plans.row_text,
        plans.segment_key,
        plans.channel,
        max(case when plans.segment_key = segments.segment_key then segments.channels end) as channels,
        min_by(segments.segment_key, {{ name_distance('plans.segment_key', 'segments.segment_key') }}) as nearest

    from plans
    cross join segments
    group by plans.row_text, plans.segment_key, plans.channel

),

cells as (
    {%- for name in kinds %}

    select
        row_text,
        '{{ name }}' as cell,
        {{ name }} as given,
        {{ regexp_keep(name, '^[a-z][a-z0-9_]{1,59}$') }} <> '' as is_key,
        {{ decimal_number(name) }} as number,
        case
            when {{ regexp_keep(name, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') }} <> '' then try_cast({{ name }} as date)
        end as day
    from plans
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

faults as (

    select
        row_text,
        concat(cell, ' is `', given, '`') as reason,
        case cell
            {%- for name, kind in kinds.items() %}
            when '{{ name }}' then '{{ 'name' if name == 'owner' else 'write' }} {{ kind[0] }}'
            {%- endfor %}
        end as suggestion
    from cells
    where
        case cell
            {%- for name, kind in kinds.items() %}
            when '{{ name }}' then {{ "given <> '' and " if name not in needed }}not coalesce({{ kind[1] }}, false)
            {%- endfor %}
        end

    union all

    select
        row_text,
        concat('the plan_key stands there ', count(*), ' times'),
        'give every plan its own key'
    from plans
    group by row_text
    having count(*) > 1

    union all

    select
        row_text,
        case
            when channels is null then concat('`', segment_key, '` is not a segment of segment_definitions')
            else concat('channel `', channel, '` is none of the segment')
        end,
        case
            when channels is null then concat('did you mean `', nearest, '`?')
            else concat('write one of ', replace(channels, '|', ', '))
        end
    from meant
    where channels is null or channel = '' or not {{ has_item_of('channels', 'channel') }}
    {%- for low, high, words in [
        ('starts_on', 'ends_on', 'ends before it starts'),
        ('expected_count_low', 'expected_count_high', 'has the lower count above the higher one')
    ] %}

    union all

    select
        row_text,
        concat(
            'it {{ words }}: ', min(case when cell = '{{ low }}' then given end), ' and ',
            min(case when cell = '{{ high }}' then given end)
        ),
        'correct {{ low }} or {{ high }}'
    from cells
    group by row_text
    having
        max(case when cell = '{{ low }}' then {{ 'day' if loop.first else 'number' }} end)
        > max(case when cell = '{{ high }}' then {{ 'day' if loop.first else 'number' }} end)
    {%- endfor %}

    union all

    select
        row_text,
        'baseline_rate and minimum_detectable_effect together exceed 1',
        'the effect is added to the rate: 0.02 is from 5 % to 7 %'
    from plans
    where {{ decimal_number('baseline_rate') }} + {{ decimal_number('minimum_detectable_effect') }} > 1

)

select distinct * from faults
