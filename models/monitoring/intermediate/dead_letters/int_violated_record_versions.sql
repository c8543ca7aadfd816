-- Grain: one row per version of a record that broke a rule, including good versions, and whether it may be used.
{%- set selects = [] %}
{%- for table in validated_tables() %}
{%- set wanted = "select record_key from " ~ ref(table.model) ~ " where table_name = '" ~ table.table_name ~ "'" %}
{%- do selects.append(record_versions(table.source_name, table.table_name, wanted)) %}
{%- endfor %}
with violations as (

    select * from {{ ref('int_rule_violations') }}

),

versions as (
    {{ union_all(selects) }}

),

blocked as (

    select distinct
        source,
        table_name,
        record_key,
        version_hash,
        known_at

    from violations
    where is_blocking

),

-- A quarantined version sets its record aside, including all older versions.
quarantined as (

    select
        source,
        table_name,
        record_key,
        max(known_at) as held_at

    from violations
    where is_blocking and severity = 'quarantine'
    group by source, table_name, record_key

),

classified as (

    select
        versions.*,
        blocked.record_key is not null as is_blocked,
        blocked.record_key is null
        and (quarantined.held_at is null or versions.known_at > quarantined.held_at) as is_usable

    from versions
    left join blocked
        on versions.source = blocked.source
            and versions.table_name = blocked.table_name
            and versions.record_key = blocked.record_key
            and versions.version_hash = blocked.version_hash
            and versions.known_at = blocked.known_at
    left join quarantined
        on versions.source = quarantined.source
            and versions.table_name = quarantined.table_name
            and versions.record_key = quarantined.record_key

)

select * from classified
