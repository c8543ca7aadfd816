{# The last version of every record of a source table that was known by the end of as_of_date, one row per key.

   Columns are those of the source's contract, typed, with text trimmed and empty text as null; at the end
   come first_known_at, when any version of the record was first known, and known_at.
   A column of the raw table that the contract does not have is left out, an optional one that it lacks is null, a
   required one that it lacks stops the run. A source that is off, or was never delivered, yields no rows.
   Versions that a validation rule holds back are left out: see usable_versions.
   A record that the source deleted is left out too. With `deleted`, it is kept as it was before, since a deletion may
   leave the columns empty, and marked in a last column, `_says_deleted`: for records whose withdrawals outlive them. #}
{% macro latest_version(source_name, table_name, deleted=false) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- set blocked = blocked_versions(source_name, table_name) -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set contract = source_contract(source_name, table_name) -%}
    {%- set present = delivered_columns(relation, contract) -%}
    {%- set names = contract.columns.values() | map(attribute='name') | list -%}
    {%- set key = contract.config.meta.key -%}
    {%- set columns = deletion_columns(contract, present) -%}
    {%- set may_be_deleted = columns.flags or columns.times -%}
    {%- set keeps_deleted = deleted and may_be_deleted -%}
    {%- set is_wanted = 'not known._says_deleted' if may_be_deleted and not deleted -%}
    {%- set known = usable_versions(relation, contract, present, ['_delivered_at', '_record_hash'], blocked) -%}
    {%- set newest = newest_first(contract, present, 'known') -%}
    {#- Nearly every record has one version, so only those with more are ranked: on ten million events that takes
        two thirds of the time of one window over all of them. -#}
    with repeated as (
        select {{ quoted_list(key) }}
        from ({{ known }}) as known
        group by {{ quoted_list(key) }}
        having count(*) > 1
    )

    select {{ quoted_list(names, 'known') }}, known.known_at as first_known_at, known.known_at
    {{- ', known._says_deleted' if deleted }}
    from ({{ known }}) as known
    left join repeated on {{ same_key(key, 'known', 'repeated') }}
    where repeated.{{ adapter.quote(key[0]) }} is null{{ ' and ' ~ is_wanted if is_wanted }}

    union all

    select {{ quoted_list(names, 'known') }}, known.first_known_at, known.known_at
    {{- ', known.' ~ ('is_deleted as ' if keeps_deleted) ~ '_says_deleted' if deleted }}
    from (
        select
            known.*,
            min(known_at) over (partition by {{ quoted_list(key, 'known') }}) as first_known_at,
            {%- if keeps_deleted %}
            max(case when known.newest_rank = 1 and known._says_deleted then 1 else 0 end) over (
                partition by {{ quoted_list(key, 'known') }}
            ) = 1 as is_deleted,
            {%- endif %}
            row_number() over (
                partition by {{ quoted_list(key, 'known') }}
                order by {{ 'case when known._says_deleted then 2 else 1 end, known.newest_rank' if keeps_deleted else newest }}
            ) as version_rank
        from (
        {%- if keeps_deleted %}
            select
                known.*,
                row_number() over (partition by {{ quoted_list(key, 'known') }} order by {{ newest }}) as newest_rank
            from ({{ known }}) as known
        {%- else %}{{ known }}{% endif -%}
        ) as known
        inner join repeated on {{ same_key(key, 'known', 'repeated') }}
    ) as known
    where known.version_rank = 1{{ ' and ' ~ is_wanted if is_wanted }}
{%- endmacro %}

{# The order of the versions of a record, newest first: by the source's own time of change, where the contract names one
   in `changed_at`, since an older state may be delivered after a newer one; then by the time it was known. Where both
   are equal, a deletion comes after what was deleted, then the later delivery, then any fixed order. #}
{% macro newest_first(contract, present, alias) -%}
    {%- set changed_at = contract.config.meta.changed_at -%}
    {%- set names = contract.columns.values() | map(attribute='name') | list -%}
    {%- set columns = deletion_columns(contract, present) -%}
    {%- set order = [] -%}
    {%- if changed_at in present -%}
        {%- do order.append('coalesce(' ~ alias ~ '.' ~ adapter.quote(changed_at) ~ ', ' ~ alias ~ '.known_at) desc') -%}
    {%- endif -%}
    {%- do order.append(alias ~ '.known_at desc') -%}
    {%- if columns.flags or columns.times -%}{%- do order.append(alias ~ '._says_deleted desc') -%}{%- endif -%}
    {%- if '_delivered_at' in present -%}{%- do order.append(alias ~ '._delivered_at desc') -%}{%- endif -%}
    {%- do order.append(alias ~ '._record_hash nulls last' if '_record_hash' in present else quoted_list(names, alias)) -%}
    {{ return(order | join(', ')) }}
{%- endmacro %}

{# The number of records of a table that their source deleted, as an expression; `blocked` is what blocked_versions
   returns. Only records with any version that says so are looked at. #}
{% macro deleted_records(relation, contract, present, blocked) -%}
    {%- set columns = deletion_columns(contract, present) -%}
    {%- if not (columns.flags or columns.times) -%}{{ return('cast(0 as bigint)') }}{%- endif -%}
    {%- set known = usable_versions(relation, contract, present, ['_delivered_at', '_record_hash'], blocked) -%}
    {%- set key = contract.config.meta.key -%}
    (
        select count(*)
        from (
            select
                known._says_deleted,
                row_number() over (
                    partition by {{ quoted_list(key, 'known') }} order by {{ newest_first(contract, present, 'known') }}
                ) as version_rank
            from ({{ known }}) as known
            inner join (select distinct {{ quoted_list(key) }} from ({{ known }}) as known where _says_deleted) as deleted
                on {{ same_key(key, 'known', 'deleted') }}
        ) as ranked
        where version_rank = 1 and _says_deleted
    )
{%- endmacro %}
