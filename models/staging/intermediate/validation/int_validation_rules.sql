-- Grain: one row per row of the validation rules, normalised, with the table that it applies to.
with rules as (

    select
        trim(coalesce(rule_key, '')) as rule_key,
        lower(trim(coalesce(source, ''))) as source,
        lower(trim(coalesce(table_name, ''))) as table_name,
        lower(trim(coalesce(rule_type, ''))) as rule_type,
        lower(trim(coalesce(column_name, ''))) as column_name,
        trim(coalesce(min_value, '')) as min_value,
        trim(coalesce(max_value, '')) as max_value,
        lower(trim(coalesce(reference, ''))) as reference,
        lower(trim(coalesce(channel, ''))) as channel,
        lower(trim(coalesce(account, ''))) as account,
        lower(trim(coalesce(severity, ''))) as severity,
        lower(trim(coalesce(is_active, ''))) as is_active,
        trim(coalesce(reason, '')) as reason,
        trim(coalesce(repair_hint, '')) as repair_hint

    from {{ ref('validation_rules') }}

),

named as (

    select
        *,
        concat_ws('', source, '.', table_name) as table_key,
        replace(column_name, ' ', '') as checked_columns,
        -- The list that a column is checked against; empty where the rule itself is enough.
        case
            when rule_type in ('required', 'range', 'date_range') then ''
            when rule_type = 'product' and reference = '' then 'product:products.product.sku'
            when rule_type = 'repeated' then concat_ws('', 'repeated:', replace(column_name, ' ', ''))
            else concat_ws('', rule_type, ':', reference)
        end as held_against,
        concat_ws(
            '', rule_key,
            case when channel <> '' then concat_ws('', ', channel ', channel) else '' end,
            case when account <> '' then concat_ws('', ', account ', account) else '' end
        ) as row_text

    from rules

)

select * from named
