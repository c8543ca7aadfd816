-- Grain: one row per active row of the validation rules: what it checks, what it flags, what it holds back.
with rules as (

    select
        *,
        case when account <> '' then 2 else 0 end + case when channel <> '' then 1 else 0 end as specificity

    from {{ ref('int_validation_rules') }}

),

-- The most specific row of a rule applies to each group of records, active or not.
ranked as (

    select
        rules.rule_key,
        rules.channel,
        rules.account,
        checked.row_count,
        row_number() over (
            partition by rules.rule_key, checked.table_key, checked.channel, checked.account
            order by rules.specificity desc
        ) as specificity_rank

    from rules
    inner join {{ ref('int_validation_checked') }} as checked
        on rules.table_key = checked.table_key
            and (rules.channel = '' or rules.channel = checked.channel)
            and (rules.account = '' or rules.account = checked.account)

),

checked as (

    select
        rule_key,
        channel,
        account,
        sum(row_count) as checked_row_count

    from ranked
    where specificity_rank = 1
    group by rule_key, channel, account

),

found as (

    select
        rule_key,
        coalesce(rule_channel, '') as channel,
        coalesce(rule_account, '') as account,
        count(*) as flagged_row_count,
        sum(case when is_blocking then 1 else 0 end) as held_row_count,
        sum(case when is_waived then 1 else 0 end) as waived_row_count,
        sum(case when is_consequential then 1 else 0 end) as consequential_row_count,
        sum(case when is_blocking then value_at_risk else 0 end) as held_value,
        sum(value_at_risk) as flagged_value

    from {{ ref('int_record_violations') }}
    group by rule_key, coalesce(rule_channel, ''), coalesce(rule_account, '')

),

joined as (

    select
        rules.rule_key,
        rules.source,
        rules.table_name,
        rules.rule_type,
        rules.column_name,
        nullif(rules.channel, '') as channel,
        nullif(rules.account, '') as account,
        rules.severity,
        nullif(rules.min_value, '') as min_value,
        nullif(rules.max_value, '') as max_value,
        rules.reason,
        cast(coalesce(checked.checked_row_count, 0) as bigint) as checked_row_count,
        cast(coalesce(found.flagged_row_count, 0) as bigint) as flagged_row_count,
        cast(coalesce(found.held_row_count, 0) as bigint) as held_row_count,
        cast(coalesce(found.waived_row_count, 0) as bigint) as waived_row_count,
        cast(coalesce(found.consequential_row_count, 0) as bigint) as consequential_row_count,
        cast(coalesce(found.flagged_value, 0) as decimal(18, 2)) as flagged_value,
        cast(coalesce(found.held_value, 0) as decimal(18, 2)) as held_value

    from rules
    left join checked
        on rules.rule_key = checked.rule_key
            and rules.channel = checked.channel
            and rules.account = checked.account
    left join found
        on rules.rule_key = found.rule_key
            and rules.channel = found.channel
            and rules.account = found.account
    where rules.is_active in ('', 'true')

)

select * from joined
