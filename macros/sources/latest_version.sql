{# The last version of every record of a source table that was known by the end of as_of_date, one row per key.

   Columns are those of the source's contract, typed, with text trimmed and empty text as null; at the end
   come first_known_at, when any version of the record was first known, and known_at.
   A column of the raw table that the contract does not have is left out, an optional one that it lacks is null, a
   required one that it lacks stops the run. A source that is off, or was never delivered, yields no rows.
   Versions that a validation rule holds back are left out: see usable_versions. #}
{% macro latest_version(source_name, table_name) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- set blocked = blocked_versions(source_name, table_name) -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set contract = source_contract(source_name, table_name) -%}
    {%- set present = delivered_columns(relation, contract) -%}
    {%- set names = contract.columns.values() | map(attribute='name') | list -%}
    {%- set key = contract.config.meta.key -%}
    {#- Where two versions have the same timestamp, the later delivery wins, then any fixed order. -#}
    {%- set newest_first = ['known_at desc'] + (['_delivered_at desc'] if '_delivered_at' in present else []) -%}
    {%- do newest_first.append('_record_hash nulls last' if '_record_hash' in present else quoted_list(names, 'known')) -%}
    {%- set known = usable_versions(relation, contract, present, ['_delivered_at', '_record_hash'], blocked) -%}
    {#- Nearly every record has one version, so only those with more are ranked: on ten million events that takes
        two thirds of the time of one window over all of them. -#}
    with repeated as (
        select {{ quoted_list(key) }}
        from ({{ known }}) as known
        group by {{ quoted_list(key) }}
        having count(*) > 1
    )

    select {{ quoted_list(names, 'known') }}, known.known_at as first_known_at, known.known_at
    from ({{ known }}) as known
    left join repeated on {{ same_key(key, 'known', 'repeated') }}
    where repeated.{{ adapter.quote(key[0]) }} is null

    union all

    select {{ quoted_list(names) }}, first_known_at, known_at
    from (
        select
            known.*,
            min(known_at) over (partition by {{ quoted_list(key, 'known') }}) as first_known_at,
            row_number() over (
                partition by {{ quoted_list(key, 'known') }} order by {{ newest_first | join(', ') }}
            ) as version_rank
        from ({{ known }}) as known
        inner join repeated on {{ same_key(key, 'known', 'repeated') }}
    ) as ranked
    where version_rank = 1
{%- endmacro %}
