-- Grain: one row per order or refund and arithmetic rule that it breaks, evaluated on the last good versions.
{%- set tables = [
    'pos.receipt', 'returns.return_line', 'shopify.order', 'shopify.order_adjustment', 'shopify.order_line_refund'
] %}
-- For every rule, the row for the record's own channel, else the row for all channels, active or not.
with in_force as (

    select
        checks.*,
        rules.rule_key,
        nullif(rules.channel, '') as rule_channel,
        rules.severity,
        rules.is_active,
        cast(rules.max_value as decimal(18, 4)) as tolerance,
        row_number() over (
            partition by checks.source_name, checks.table_name, checks.record_key, checks.check_name, rules.rule_key
            order by case when rules.channel <> '' then 1 else 2 end
        ) as scope_rank

    from {{ ref('int_order_checks') }} as checks
    inner join {{ ref('int_validation_rules') }} as rules
        on rules.rule_type = 'arithmetic'
            and checks.source_name = rules.source
            and checks.table_name = rules.table_name
            and checks.check_name = rules.column_name
            and rules.channel in ('', lower(coalesce(checks.channel, '')))

),

broken as (

    select * from in_force
    where scope_rank = 1 and is_active in ('', 'true') and difference > tolerance

),

versions as (
    {%- for key in tables %}
    {%- set wanted = "select record_key from broken where source_name || '.' || table_name = '" ~ key ~ "'" %}
    {{ record_versions(*key.split('.'), wanted=wanted, usable=true) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

versions_in_use as (

    select
        *,
        row_number() over (
            partition by source, table_name, record_key
            order by known_at desc, delivered_at desc, version_hash nulls last
        ) as version_rank

    from versions

),

waived as (

    select distinct
        broken.source_name,
        broken.table_name,
        broken.record_key,
        broken.rule_key

    from broken
    inner join {{ ref('stg_overrides__record_overrides') }} as overrides
        on broken.source_name = overrides.source_name
            and broken.table_name = overrides.table_name
            and broken.record_key = overrides.record_key
            and (overrides.rule_key is null or broken.rule_key = overrides.rule_key)
    where overrides.action = 'waive'

),

final as (

    select
        broken.order_id,
        broken.return_id,
        broken.source_name as source,
        broken.table_name,
        broken.record_key,
        versions_in_use.version_hash,
        broken.rule_key,
        broken.rule_channel,
        cast(null as {{ dbt.type_string() }}) as rule_account,
        broken.severity,
        broken.check_name as column_name,
        cast(broken.difference as {{ dbt.type_string() }}) as measured,
        broken.channel,
        cast(null as {{ dbt.type_string() }}) as account,
        broken.currency,
        cast(least(broken.amount, 1000000000000) as decimal(28, 4)) as amount,
        false as is_consequential,
        false as is_counted_with_parent,
        waived.record_key is not null as is_waived,
        broken.severity in ('reject', 'quarantine') and waived.record_key is null as is_blocking,
        versions_in_use.known_at,
        versions_in_use.delivered_at,
        versions_in_use.file_id,
        versions_in_use.line_number,
        versions_in_use.load_id

    from broken
    left join versions_in_use
        on broken.source_name = versions_in_use.source
            and broken.table_name = versions_in_use.table_name
            and broken.record_key = versions_in_use.record_key
            and versions_in_use.version_rank = 1
    left join waived
        on broken.source_name = waived.source_name
            and broken.table_name = waived.table_name
            and broken.record_key = waived.record_key
            and broken.rule_key = waived.rule_key

)

select * from final
