-- Grain: one row per dead letter, with the whole record as delivered. Raw values: restricted schema.
{%- set selects = [] %}
{%- for table in validated_tables() %}
{%- set wanted = "select record_key from letters where not is_refused_at_door and source = '"
    ~ table.source_name ~ "' and table_name = '" ~ table.table_name ~ "'" %}
{%- do selects.append(record_versions(table.source_name, table.table_name, wanted, payload=true)) %}
{%- endfor %}
with letters as (

    select * from {{ ref('int_dead_letters') }}

),

refused as (

    {{ rows_or_none('intake', 'rejects', ['load_id', 'path', 'line_number', 'reason', 'payload']) }}

),

violating_versions as (

    {{ union_all(selects) }}

),

payloads as (

    select
        source,
        table_name,
        record_key,
        version_hash,
        known_at,
        max(payload) as payload

    from violating_versions
    group by source, table_name, record_key, version_hash, known_at

),

joined as (

    select
        letters.source,
        case when letters.record_key is not null then {{ keyed_hash('letters.record_key') }} end as record_key,
        letters.table_name,
        letters.rule_key,
        letters.path,
        letters.line_number,
        letters.load_id,
        letters.reason,
        letters.record_key as raw_record_key,
        letters.column_name,
        letters.measured,
        coalesce(refused.payload, payloads.payload) as payload

    from letters
    left join refused
        on letters.is_refused_at_door
            and letters.load_id = refused.load_id
            and letters.path = refused.path
            and letters.line_number = refused.line_number
            and letters.reason = refused.reason
    left join payloads
        on not letters.is_refused_at_door
            and letters.source = payloads.source
            and letters.table_name = payloads.table_name
            and letters.record_key = payloads.record_key
            and letters.version_hash = payloads.version_hash
            and letters.known_at = payloads.known_at

)

select * from joined
