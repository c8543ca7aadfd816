{# What a changed limit would do, by channel: rows and money released, rows that another rule would still hold, rows and
   money newly held. The present result comes from the warehouse; the changed one is calculated with the macros that the
   build uses. A rule that only warns holds nothing: then the rows are those that it flags. #}
{% macro rule_impact(source_name, table_name, rule_key, is_arithmetic, changes) -%}
    {%- set rows = changed_rule_rows(validation_rule_rows(), rule_key, changes) -%}
    {%- set violations = ref(violations_model(source_name, table_name)) -%}
    {%- set of_orders = ref('int_order_violations') -%}
    {%- set then = order_violations_by('changed_rules', source_name, table_name, rule_key) if is_arithmetic
        else validated_versions(source_name, [table_name], rule_rows=rows, rules='changed_rules') -%}
    {%- set dependants = [] -%}
    {%- for table in validated_tables() if source_name ~ '.' ~ table_name in table.reads -%}
        {%- do dependants.append(dict(table, violations=ref(table.model))) -%}
    {%- endfor -%}
    {%- set rates = ref('int_exchange_rates') -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set columns = 'record_key, version_hash, known_at, channel, currency, amount' %}
with changed_rules as (

    {{ literal_rows({
        'rule_key': dbt.type_string(), 'source': dbt.type_string(), 'table_name': dbt.type_string(),
        'rule_type': dbt.type_string(), 'column_name': dbt.type_string(), 'checked_columns': dbt.type_string(),
        'held_against': dbt.type_string(), 'min_value': dbt.type_string(), 'max_value': dbt.type_string(),
        'channel': dbt.type_string(), 'account': dbt.type_string(), 'severity': dbt.type_string(),
        'is_active': dbt.type_string()
    }, rows) }}

),

flagged as (

    select {{ columns }}, true as is_flagged_now, false as is_flagged_then
    from {{ of_orders if is_arithmetic else violations }}
    where table_name = '{{ table_name }}' and rule_key = {{ text_literal(rule_key) }} and not is_waived

    union all

    select {{ columns }}, false, true
    from ({{ then }}) as revalidated
    where not is_waived

),

others as (

    select distinct record_key, version_hash, known_at
    from {{ violations }}
    where table_name = '{{ table_name }}' and is_blocking and rule_key <> {{ text_literal(rule_key) }}

),

fates as (

    select
        flagged.record_key,
        flagged.channel,
        {{ in_reporting_currency('coalesce(flagged.amount, 0)', 'coalesce(rates.rate, 1)') }} as value_at_risk,
        bool_or(flagged.is_flagged_now) and not bool_or(flagged.is_flagged_then) as is_lifted,
        bool_or(flagged.is_flagged_then) and not bool_or(flagged.is_flagged_now) as is_raised,
        others.record_key is not null as is_held_by_another
    from flagged
    left join others
        on flagged.record_key = others.record_key
            and flagged.version_hash = others.version_hash
            and flagged.known_at = others.known_at
    left join {{ rates }} as rates
        on flagged.currency = rates.currency
            and cast(flagged.known_at as date) >= rates.valid_from
            and cast(flagged.known_at as date) < rates.valid_to
    group by
        flagged.record_key, flagged.version_hash, flagged.known_at, flagged.channel, flagged.amount, rates.rate,
        others.record_key

),

-- Rows that refer to a released record, and are held for no other reason: they are released with it.
following as (
    {%- for table in dependants %}

    select '{{ table.key }}' as table_key, count(*) as following_rows
    from (
        select record_key
        from {{ table.violations }}
        where table_name = '{{ table.table_name }}' and is_blocking
        group by record_key, known_at, version_hash
        having bool_and(
            is_consequential and measured in (select record_key from fates where is_lifted and not is_held_by_another)
        )
    ) as held
    {{ 'union all' if not loop.last }}
    {%- else %}

    select cast(null as {{ dbt.type_string() }}) as table_key, cast(0 as bigint) as following_rows
    where 1 = 0
    {%- endfor %}

)

select
    'channel' as line_kind,
    channel as name,
    count(case when is_lifted and not is_held_by_another then 1 end) as let_in_rows,
    coalesce(sum(case when is_lifted and not is_held_by_another then value_at_risk end), 0) as let_in_value,
    count(case when is_lifted and is_held_by_another then 1 end) as still_held_rows,
    count(case when is_raised and not is_held_by_another then 1 end) as newly_held_rows,
    coalesce(sum(case when is_raised and not is_held_by_another then value_at_risk end), 0) as newly_held_value
from fates
where is_lifted or is_raised and not is_held_by_another
group by channel

union all

select 'following', table_key, following_rows, 0, 0, 0, 0
from following
where following_rows > 0
{%- endmacro %}

{# The rows of one rule with another limit for one scope: a new row where the scope has none. #}
{% macro changed_rule_rows(rule_rows, rule_key, changes) -%}
    {%- set rows = rule_rows | selectattr('rule_key', 'equalto', rule_key) | list -%}
    {%- set changed = [] -%}
    {%- for row in rows if row.channel != changes.channel or row.account != changes.account -%}
        {%- do changed.append(dict(row, is_active=row.is_active | string | lower)) -%}
    {%- endfor -%}
    {%- if rows -%}
        {%- set same = rows | selectattr('channel', 'equalto', changes.channel)
            | selectattr('account', 'equalto', changes.account) | first -%}
        {%- set general = rows | selectattr('channel', 'equalto', '') | selectattr('account', 'equalto', '') | first -%}
        {%- do changed.append(dict(same or general or rows[0], **dict(changes, is_active='true'))) -%}
    {%- endif -%}
    {{ return(changed) }}
{%- endmacro %}

{# Orders or refunds of a table that break the one arithmetic rule of `rules`, as int_order_violations finds them. #}
{% macro order_violations_by(rules, source_name, table_name, rule_key) -%}
    select
        checks.record_key,
        versions.version_hash,
        versions.known_at,
        checks.channel,
        checks.currency,
        least(checks.amount, 1000000000000) as amount,
        checks.record_key in (
            select record_key from {{ ref('stg_overrides__record_overrides') }}
            where
                action = 'waive' and source_name = '{{ source_name }}' and table_name = '{{ table_name }}'
                and (rule_key is null or rule_key = {{ text_literal(rule_key) }})
        ) as is_waived
    from (
        select
            checks.*,
            rules.max_value,
            rules.is_active,
            row_number() over (
                partition by checks.record_key order by case when rules.channel <> '' then 1 else 2 end
            ) as scope_rank
        from {{ ref('int_order_checks') }} as checks
        inner join {{ rules }} as rules
            on checks.check_name = rules.column_name and rules.channel in ('', lower(coalesce(checks.channel, '')))
        where checks.source_name = '{{ source_name }}' and checks.table_name = '{{ table_name }}'
    ) as checks
    left join (
        select
            *,
            row_number() over (
                partition by record_key order by known_at desc, delivered_at desc, version_hash
            ) as version_rank
        from ({{ record_versions(
            source_name, table_name, 'select record_key from ' ~ ref('int_order_checks'), usable=true
        ) }}) as usable
    ) as versions
        on checks.record_key = versions.record_key and versions.version_rank = 1
    where
        checks.scope_rank = 1 and checks.is_active = 'true'
        and checks.difference > cast(checks.max_value as decimal(18, 4))
{%- endmacro %}
