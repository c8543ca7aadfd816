-- Grain: one row per rule and table, column or reference that it names and that does not exist or cannot be used.
{#- Condition of each error, its reason and its suggestion. #}
{%- set checks = [
    (
        "not is_table", "concat_ws('', '`', table_key, '` is not a table of a source')",
        "'did you mean `' || meant || '`?'"
    ),
    (
        "is_table and not is_validated", "concat_ws('', 'no rules are checked on `', table_key, '`')",
        "'give the table `reads` in macros/validation/staged_tables.sql and name it in int_<source>__violations'"
    ),
    (
        "is_table and channel <> '' and not has_channel", "concat_ws('', '`', table_key, '` has no channel')",
        "'leave channel empty'"
    ),
    (
        "is_table and account <> '' and (not has_account or rule_type = 'arithmetic')",
        "concat_ws('', '`', table_key, '` has no account')", "'leave account empty'"
    ),
    (
        "rule_type in ('reference', 'product') and reference <> '' and referred_table is null",
        "concat_ws('', '`', reference, '` is not a column of a source table')",
        "'write source.table.column, such as pos.receipt.receipt_id'"
    ),
    (
        "rule_type in ('reference', 'product') and not " ~ has_item_of('readable_tables', 'referred_table'),
        "concat_ws('', 'records of `', table_key, '` cannot be checked against `', referred_table, '`')",
        "concat_ws('', 'use one of ', trim(replace(readable_tables, '|', ' ')))"
    ),
    (
        "rule_type = 'reference' and reference = ''", "'it has no reference'",
        "'write source.table.column into reference'"
    ),
    (
        "rule_type = 'arithmetic' and not is_arithmetic",
        "concat_ws('', '`', column_name, '` is not an arithmetic check on `', table_key, '`')",
        "'use lines_against_total or payments_against_total on orders and receipts, lines_held_back, amounts_of_wrong_sign or negative_amounts_against_total on receipts, refunds_against_order on refunds'"
    )
] %}
with nearest_tables as (

    select
        rules.table_key,
        {{ nearest_name('rules.table_key', 'columns.table_key') }} as meant

    from {{ ref('int_validation_rules') }} as rules
    cross join {{ ref('int_validation_columns') }} as columns
    where columns.is_validated
    group by rules.table_key

),

rules as (

    select
        rules.*,
        nearest_tables.meant,
        tables.table_key is not null as is_table,
        tables.is_validated,
        tables.has_channel,
        tables.has_account,
        tables.readable_tables,
        referred.table_key as referred_table,
        concat_ws('', rules.column_name, ' ', rules.table_key) in (
            'lines_against_total pos.receipt', 'lines_against_total shopify.order',
            'payments_against_total pos.receipt', 'payments_against_total shopify.order',
            'lines_held_back pos.receipt', 'amounts_of_wrong_sign pos.receipt',
            'negative_amounts_against_total pos.receipt', 'refunds_against_order returns.return_line',
            'refunds_against_order shopify.order_adjustment', 'refunds_against_order shopify.order_line_refund'
        ) as is_arithmetic

    from {{ ref('int_validation_rules') }} as rules
    left join nearest_tables
        on rules.table_key = nearest_tables.table_key
    left join {{ ref('int_validation_columns') }} as tables
        on rules.table_key = tables.table_key
    left join {{ ref('int_validation_columns') }} as referred
        on rules.reference = concat_ws('', referred.table_key, '.', referred.column_name)

),

named_columns as (

    select
        row_text,
        table_key,
        {{ split_to_rows(trimmed_items('column_name')) }} as column_name

    from rules
    where rule_type <> 'arithmetic'

),

errors as (
    {% for condition, reason, suggestion in checks %}
    select distinct
        row_text,
        {{ reason }} as reason,
        {{ suggestion }} as suggestion
    from rules
    where {{ condition }}

    union all
    {% endfor %}
    select
        named_columns.row_text,
        case
            when named_columns.column_name = '' then 'it names no column'
            else concat_ws('', '`', named_columns.column_name, '` is not a column of its table')
        end,
        'did you mean `' || {{ nearest_name('named_columns.column_name', 'columns.column_name') }} || '`?'
    from named_columns
    inner join {{ ref('int_validation_columns') }} as columns
        on named_columns.table_key = columns.table_key
    group by named_columns.row_text, named_columns.column_name
    having not bool_or(named_columns.column_name = columns.column_name)

)

select distinct * from errors
