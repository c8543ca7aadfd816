-- Grain: one row per segment and change of its rule's meaning or of its status, as of the day on which a build found
-- it. State: it cannot be recomputed, so rows are only ever appended. A build for an earlier day appends nothing.
-- depends_on: {{ ref('int_segment_rule_errors') }}
{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false, on_schema_change='append_new_columns'
) }}
{%- do stop_on_segment_rule_errors() %}
{%- set rows = [] %}
{%- for segment in segment_rules() %}
    {%- do rows.append({
        'segment_key': segment.segment_key, 'conditions': segment_rule_lines(segment),
        'rule_rows': segment_rule_as_json(segment)
    }) %}
{%- endfor %}

with definitions as (

    select
        trim(segment_key) as segment_key,
        lower(trim(status)) as status

    from {{ ref('segment_definitions') }}
    where nullif(trim(segment_key), '') is not null

),

rules as (

    select * from {{ ref('int_segment_rules') }}

),

lines as (

    {{ literal_rows({
        'segment_key': dbt.type_string(), 'conditions': dbt.type_string(), 'rule_rows': dbt.type_string()
    }, rows) }}

),

recorded as (

    {{ segment_recorded_rows() }}

),

newest as (

    select max(newest_day) as newest_day from recorded

),

found as (

    select
        definitions.segment_key,
        coalesce(recorded.change_number, 0) + 1 as change_number,
        case
            when recorded.segment_key is null then 1
            when coalesce(recorded.rule_fingerprint, '') = coalesce(rules.rule_fingerprint, '')
                then recorded.rule_version
            else recorded.rule_version + 1
        end as rule_version,
        rules.rule_fingerprint,
        rules.rule_text,
        definitions.status,
        {{ as_of_date() }} as effective_from,
        lines.conditions,
        recorded.customer_count as customer_count_before,
        lines.rule_rows

    from definitions
    cross join newest
    left join rules
        on definitions.segment_key = rules.segment_key
    left join lines
        on definitions.segment_key = lines.segment_key
    left join recorded
        on definitions.segment_key = recorded.segment_key
    where
        {{ as_of_date() }} >= coalesce(newest.newest_day, {{ as_of_date() }})
        and (
            recorded.segment_key is null
            or coalesce(recorded.rule_fingerprint, '') <> coalesce(rules.rule_fingerprint, '')
            or recorded.status <> definitions.status
        )

)

select * from found
