-- One row per record version and rule that stands there more than once.
{{ config(group='monitoring') }}
select
    source,
    table_name,
    record_key,
    version_hash,
    known_at,
    rule_key,
    count(*) as times

from {{ ref('int_record_violations') }}
group by source, table_name, record_key, version_hash, known_at, rule_key
having count(*) > 1
