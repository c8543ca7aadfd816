{# The record versions of some tables of a source that break a rule, one row per version and rule, in the columns of
   violation_columns. Covers all versions known by the end of as_of_date.

   One scan of each raw table finds the suspects, whatever the scope of its rules; only those are assigned their channel
   and account and checked against the rules, joined as rows. Tables that refer to each other are validated one after
   the other: `validated` gives, by source.table, the CTE with the violations that the same model has found before.
   `rule_rows` and `rules` replace the rules: for tests, and to preview what a limit would do. #}
{% macro validated_versions(source_name, table_names, validated={}, rule_rows=none, rules=none) -%}
    {%- set rules = rules or ref('int_validation_rules') -%}
    {%- set rates = ref('int_exchange_rates') -%}
    {%- set overrides = ref('stg_overrides__record_overrides') -%}
    {%- set rows = validation_rule_rows() if rule_rows is none else rule_rows -%}
    {%- set blocked = {} -%}
    {%- for name in table_names -%}
        {%- do source(source_name, name) -%}
        {%- for key in staged_tables()[source_name ~ '.' ~ name].reads -%}
            {%- do blocked.update({key: blocked_versions(*key.split('.'), validated=validated.get(key))}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set tables = [] -%}
    {%- set lists = {} -%}
    {%- for name in table_names -%}
        {%- set table = ruled_table(source_name, name, rows) -%}
        {%- if table.rules and table.present -%}
            {%- do add_rule_lists(table, lists, blocked, rates) -%}
            {%- do tables.append(table) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not tables -%}{{ return(literal_rows(violation_columns(), [])) }}{%- endif -%}
    with
    {%- for list in lists.values() %}

    {{ list.name }} as (

        {{ list.sql }}

    ),
    {%- endfor %}

    suspects as (
        {%- for table in tables %}

        {{ suspect_versions(table, known_versions(table.relation, table.contract, table.present, load_columns(), table.names)) }}
        {{- '\n\n        union all' if not loop.last }}
        {%- endfor %}

    ),

    {{ judgement(source_name, tables, rules, overrides) }}
{%- endmacro %}

{# Of the versions that `versions` yields, those that break any row of any rule whatever its scope: one row per version
   and check, which is a column and, where the record alone is not enough, the list that it is checked against. #}
{% macro suspect_versions(table, versions) -%}
    {%- set contract = table.contract -%}
    {%- set parent = contract.config.meta.parent -%}
    {%- set missing = [] -%}
    {%- set known = [] -%}
    {%- for check in table.checks.values() if check.misses -%}
        {%- set is_meant = "checks.column_name = '" ~ check.column ~ "' and checks.held_against = " ~ text_literal(check.held_against) -%}
        {%- do missing.append(is_meant ~ ' and ' ~ check.misses) -%}
        {%- if check.kind == 'reference' -%}{%- do known.append(is_meant ~ ' and ' ~ check.alias ~ '.list_value is not null') -%}{%- endif -%}
    {%- endfor -%}
        select
            '{{ contract.name }}' as table_name, {{ record_key_text(contract, 'versions') }} as record_key,
            {{ version_hash(contract, table.present, 'versions') }} as version_hash, versions.known_at,
            {{ origin_columns(table.present) }},
            {{ scopes_of(contract, 'versions', prefix='own_') }},
            cast({{ "'" ~ parent.table ~ "'" if parent else 'null' }} as {{ dbt.type_string() }}) as parent_table,
            {{ parent_key(contract, 'versions') if parent else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as parent_key,
            {{ record_amount(contract, 'versions') }} as amount,
            checks.column_name, checks.held_against, checks.is_parent_key,
            case checks.column_name
                {%- for name in table.checks.values() | map(attribute='column') | unique %}
                when '{{ name }}' then cast(versions.{{ adapter.quote(name) }} as {{ dbt.type_string() }})
                {%- endfor %}
            end as measured,
            {{ missing | join('\n            or ') or 'false' }} as is_missing,
            {{ known | join('\n            or ') or 'false' }} as is_known
        from ({{ versions }}) as versions
        {%- for check in table.checks.values() if check.join %}
        left join {{ check.join }}
        {%- endfor %}
        cross join (values
            {%- for check in table.checks.values() %}
            ('{{ check.column }}', {{ text_literal(check.held_against) }}, {{ check.is_parent_key | string | lower }}){{ ',' if not loop.last }}
            {%- endfor %}
        ) as checks (column_name, held_against, is_parent_key)
        -- Nothing of a version that only says that its record was deleted is used, so it is not judged.
        where not versions._says_deleted and (
            {{ suspicion(table) }}
        )
{%- endmacro %}

{# The steps from a CTE `suspects` to the rules that they break. #}
{% macro judgement(source_name, tables, rules, overrides) -%}
    {%- set parents = [] -%}
    {%- for table in tables if table.contract.config.meta.parent and table.contract.config.meta.parent.table not in parents -%}
        {%- do parents.append(table.contract.config.meta.parent.table) -%}
    {%- endfor -%}
    {%- if parents -%}
    scopes as (
        {%- for parent in parents %}

        {{ record_scopes(source_contract(source_name, parent), "select parent_key from suspects where parent_table = '" ~ parent ~ "'") }}
        {{- '\n\n        union all' if not loop.last }}
        {%- endfor %}

    ),

    {% endif -%}
    scoped as (

        select
            suspects.*
            {%- for scope in ['channel', 'account', 'currency'] %},
            {{ 'coalesce(suspects.own_' ~ scope ~ ', scopes.' ~ scope ~ ')' if parents else 'suspects.own_' ~ scope }} as {{ scope }}
            {%- endfor %}
        from suspects
        {%- if parents %}
        left join scopes
            on suspects.parent_table = scopes.table_name and suspects.parent_key = scopes.record_key
        {%- endif %}

    ),

    -- The most specific row of each rule that applies to a record, active or not.
    in_force as (

        select
            scoped.*,
            rules.rule_key, rules.rule_type, rules.min_value, rules.max_value, rules.severity, rules.is_active,
            nullif(rules.channel, '') as rule_channel, nullif(rules.account, '') as rule_account,
            instr(concat_ws('', '|', rules.checked_columns, '|'), concat_ws('', '|', scoped.column_name, '|')) as column_rank,
            rank() over (
                partition by scoped.table_name, scoped.record_key, scoped.version_hash, scoped.known_at, rules.rule_key
                order by case when rules.account <> '' then 2 else 0 end + case when rules.channel <> '' then 1 else 0 end desc
            ) as scope_rank
        from scoped
        inner join {{ rules }} as rules
            on scoped.table_name = rules.table_name
                and rules.source = '{{ source_name }}'
                and scoped.held_against = rules.held_against
                and {{ has_item_of('rules.checked_columns', 'scoped.column_name') }}
                and rules.channel in ('', lower(coalesce(scoped.channel, '')))
                and rules.account in ('', lower(coalesce(scoped.account, '')))

    ),

    -- A version that breaks a rule in several columns is reported for the first.
    broken as (

        select
            *,
            row_number() over (
                partition by table_name, record_key, version_hash, known_at, delivered_at, file_id, line_number, rule_key
                order by column_rank
            ) as broken_rank
        from in_force
        where
            scope_rank = 1
            and is_active in ('', 'true')
            and {{ breaks_rule() }}

    ),

    waived as (

        select distinct broken.table_name, broken.record_key, broken.rule_key
        from broken
        inner join {{ overrides }} as overrides
            on broken.table_name = overrides.table_name
                and broken.record_key = overrides.record_key
                and (overrides.rule_key is null or broken.rule_key = overrides.rule_key)
        where overrides.source_name = '{{ source_name }}' and overrides.action = 'waive'

    )

    select
        broken.table_name, broken.record_key, broken.version_hash, broken.rule_key, broken.rule_channel,
        broken.rule_account, broken.severity, broken.column_name, broken.measured, broken.channel, broken.account,
        broken.currency, broken.amount,
        broken.is_known and broken.is_missing as is_consequential,
        broken.is_known and broken.is_missing and broken.is_parent_key as is_counted_with_parent,
        waived.record_key is not null as is_waived,
        broken.severity in ('reject', 'quarantine') and waived.record_key is null as is_blocking,
        broken.known_at, broken.delivered_at, broken.file_id, broken.line_number, broken.load_id
    from broken
    left join waived
        on broken.table_name = waived.table_name
            and broken.record_key = waived.record_key
            and broken.rule_key = waived.rule_key
    where broken.broken_rank = 1
{%- endmacro %}

{# Columns of a violation and their types: one row per record version and rule that it breaks. #}
{% macro violation_columns() -%}
    {%- set string = dbt.type_string() -%}
    {{ return({
        'table_name': string, 'record_key': string, 'version_hash': string, 'rule_key': string, 'rule_channel': string,
        'rule_account': string, 'severity': string, 'column_name': string, 'measured': string, 'channel': string,
        'account': string, 'currency': string, 'amount': 'decimal(28, 4)', 'is_consequential': 'boolean',
        'is_counted_with_parent': 'boolean', 'is_waived': 'boolean', 'is_blocking': 'boolean',
        'known_at': dbt.type_timestamp(), 'delivered_at': dbt.type_timestamp(), 'file_id': 'bigint',
        'line_number': 'bigint', 'load_id': string
    }) }}
{%- endmacro %}

{# The columns that the load adds, as far as a violation names them. #}
{% macro load_columns() -%}
    {{ return(['_load_id', '_file_id', '_line', '_delivered_at', '_record_hash']) }}
{%- endmacro %}
