-- Grain: one row per dead letter, with the whole record as it came. Raw values: guarded schema.
with letters as (

    select * from {{ ref('int_dead_letters') }}

),

refused as (

    {{ refused_payloads() }}

),

faulty as (

    {{ faulty_payloads() }}

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
        coalesce(refused.payload, faulty.payload) as payload

    from letters
    left join refused
        on letters.is_refused_at_door
            and letters.load_id = refused.load_id
            and letters.path = refused.path
            and letters.line_number = refused.line_number
            and letters.reason = refused.reason
    left join faulty
        on not letters.is_refused_at_door
            and letters.source = faulty.source
            and letters.table_name = faulty.table_name
            and letters.record_key = faulty.record_key
            and letters.version_hash = faulty.version_hash
            and letters.known_at = faulty.known_at

)

select * from joined
