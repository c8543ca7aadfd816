-- Grain: one row per segment of the library: its status on as_of_date, and the day since which an ad-hoc segment is
-- frozen.
{%- set definitions = ref('int_segment_definitions') %}
{%- set columns = adapter.get_columns_in_relation(definitions) | map(attribute='name') | list if execute else [] %}
{%- set evaluations = history_before('segment_evaluations') %}
with definitions as (

    select
        segment_key,
        segment_kind,
        effective_status,
        rule_version,
        rule_fingerprint,
        {{ 'expires_on' if 'expires_on' in columns else 'cast(null as date)' }} as expires_on

    from {{ ref('int_segment_definitions') }}

),

first_evaluations as (
    {% if evaluations is none %}
    {{ literal_rows({
        'segment_key': dbt.type_string(), 'rule_fingerprint': dbt.type_string(), 'first_date': 'date'
    }, []) }}
    {% else %}
    select
        segment_key,
        rule_fingerprint,
        min(as_of_date) as first_date

    from {{ evaluations }}
    where status = 'active'
    group by segment_key, rule_fingerprint
    {% endif %}
),

statuses as (

    select
        definitions.segment_key,
        case
            when definitions.effective_status <> 'active' or definitions.segment_kind <> 'ad_hoc'
                then definitions.effective_status
            when definitions.expires_on < {{ as_of_date() }} then 'expired'
            when first_evaluations.first_date > {{ as_of_date() }} then 'not_started'
            else 'active'
        end as status,
        definitions.rule_version,
        definitions.rule_fingerprint,
        definitions.expires_on,
        case
            when definitions.segment_kind = 'ad_hoc' and first_evaluations.first_date < {{ as_of_date() }}
                then first_evaluations.first_date
        end as frozen_date

    from definitions
    left join first_evaluations
        on
            definitions.segment_key = first_evaluations.segment_key
            and definitions.rule_fingerprint = first_evaluations.rule_fingerprint

)

select * from statuses
