-- Grain: one row per table, column or reference that a validation rule names and that does not exist or cannot be used.
with rules as (

    select * from {{ ref('int_validation_rules') }}

),

columns as (

    select * from {{ ref('int_validation_columns') }}

),

tables as (

    select
        table_key,
        bool_or(is_validated) as is_validated,
        bool_or(has_channel) as has_channel,
        bool_or(has_account) as has_account,
        min(readable_tables) as readable_tables

    from columns
    group by table_key

),

joined as (

    select
        rules.*,
        tables.table_key is not null as is_table,
        coalesce(tables.is_validated, false) as is_validated,
        coalesce(tables.has_channel, false) as has_channel,
        coalesce(tables.has_account, false) as has_account,
        tables.readable_tables

    from rules
    left join tables
        on rules.table_key = tables.table_key

),

nearest_tables as (

    select
        joined.row_text,
        min_by(tables.table_key, {{ name_distance('joined.table_key', 'tables.table_key') }}) as meant

    from joined
    cross join tables
    where not joined.is_table and tables.is_validated
    group by joined.row_text

),

named_columns as (

    select
        row_text,
        table_key,
        trim({{ split_to_rows('column_name') }}) as column_name

    from joined
    where is_table and rule_type <> 'arithmetic'

),

wrong_columns as (

    select
        named_columns.row_text,
        named_columns.column_name,
        min_by(meant.column_name, {{ name_distance('named_columns.column_name', 'meant.column_name') }}) as meant

    from named_columns
    left join columns
        on named_columns.table_key = columns.table_key
            and named_columns.column_name = columns.column_name
    inner join columns as meant
        on named_columns.table_key = meant.table_key
    where columns.column_name is null
    group by named_columns.row_text, named_columns.column_name

),

referring as (

    select
        joined.*,
        columns.table_key as referred_table

    from joined
    left join columns
        on joined.reference = concat(columns.table_key, '.', columns.column_name)
    where joined.rule_type in ('reference', 'product') and joined.reference <> ''

),

faults as (

    select
        joined.row_text,
        concat('`', joined.table_key, '` is not a table of a source') as reason,
        concat('did you mean `', nearest_tables.meant, '`?') as suggestion

    from joined
    inner join nearest_tables
        on joined.row_text = nearest_tables.row_text
    where not joined.is_table

    union all

    select
        row_text,
        concat('no rules are judged on `', table_key, '`'),
        'give the table `reads` in macros/validation/source_tables.sql and a model val_<source>__<table>'

    from joined
    where is_table and not is_validated

    union all

    select
        row_text,
        case
            when column_name = '' then 'it names no column'
            else concat('`', column_name, '` is not a column of its table')
        end,
        concat('did you mean `', meant, '`?')

    from wrong_columns

    union all

    select
        row_text,
        concat('`', table_key, '` does not tell a channel'),
        'leave channel empty'

    from joined
    where is_table and channel <> '' and not has_channel

    union all

    select
        row_text,
        concat('`', table_key, '` does not tell an account'),
        'leave account empty'

    from joined
    where is_table and account <> '' and (not has_account or rule_type = 'arithmetic')

    union all

    select
        row_text,
        concat('`', reference, '` is not a column of a source table'),
        'write source.table.column, such as pos.receipt.receipt_id'

    from referring
    where referred_table is null

    union all

    select
        row_text,
        concat('records of `', table_key, '` cannot be held against `', referred_table, '`'),
        concat('use one of ', trim(replace(readable_tables, '|', ' ')))

    from referring
    where referred_table is not null and not {{ has_item_of('readable_tables', 'referred_table') }}

    union all

    select
        row_text,
        'it refers to nothing',
        'write source.table.column into reference'

    from joined
    where rule_type = 'reference' and reference = ''

    union all

    select
        row_text,
        concat('`', column_name, '` is not a check of the arithmetic of `', table_key, '`'),
        'use lines_against_total or payments_against_total on orders and receipts, refunds_against_order on refunds'

    from joined
    where
        rule_type = 'arithmetic'
        and concat(column_name, ' ', table_key) not in (
            'lines_against_total pos.receipt', 'lines_against_total shopify.order',
            'payments_against_total pos.receipt', 'payments_against_total shopify.order',
            'refunds_against_order returns.return_line', 'refunds_against_order shopify.order_adjustment',
            'refunds_against_order shopify.order_line_refund'
        )

)

select distinct * from faults
