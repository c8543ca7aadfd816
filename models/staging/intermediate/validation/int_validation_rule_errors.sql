-- Grain: one row per error in the validation rules: the row, what is wrong, and what was probably meant.
{#- Condition of each error in a cell or in two rows together, its reason and its suggestion. #}
{%- set write_number = "'write a number such as 5000 or -0.5, without a thousands separator'" %}
{%- set checks = [
    (
        regexp_keep('rule_key', '^[a-z][a-z0-9_]{1,59}$') ~ " = ''",
        "concat_ws('', '`', rule_key, '` is not a valid key')",
        "'use lower-case letters, digits and underscores, starting with a letter, at most 60 characters'"
    ),
    ("reason = ''", "'it has no reason'", "'describe what is wrong with a row that breaks the rule'"),
    (
        "rule_type in ('range', 'arithmetic') and min_value <> '' and min_number is null",
        "concat_ws('', 'min_value is `', min_value, '`')", write_number
    ),
    (
        "rule_type in ('range', 'arithmetic') and max_value <> '' and max_number is null",
        "concat_ws('', 'max_value is `', max_value, '`')", write_number
    ),
    (
        "rule_type = 'range' and min_number > max_number",
        "concat_ws('', 'min_value ', min_value, ' is above max_value ', max_value)", "'swap them'"
    ),
    (
        "max_value = '' and (rule_type = 'arithmetic' or rule_type in ('range', 'date_range') and min_value = '')",
        "'it has no limit'", "'write min_value, max_value or both'"
    ),
    (
        "rule_type = 'date_range' and min_value <> '' and not " ~ is_calendar_day('min_value'),
        "concat_ws('', 'min_value is `', min_value, '`')", "'write the earliest day, such as 2000-01-01'"
    ),
    (
        "rule_type = 'date_range' and max_value <> '' and coalesce(" ~ whole_number('max_value') ~ ", 99999) > 36500",
        "concat_ws('', 'max_value is `', max_value, '`')",
        "'write a whole number of days after the record became known, such as 2, at most 36500'"
    ),
    (
        "rule_type = 'range' and data_type in ('varchar', 'boolean', 'timestamp', 'date')",
        "concat_ws('', 'its column holds ', data_type)", "'a range needs a number'"
    ),
    (
        "rule_type = 'date_range' and data_type not in ('timestamp', 'date')",
        "concat_ws('', 'its column holds ', data_type)", "'a date range needs a date or a timestamp'"
    ),
    ("rule_type = 'accepted' and reference = ''", "'it accepts no value'", "'write them into reference, joined by |'"),
    (
        "rule_type in ('reference', 'product', 'currency') and column_name like '%|%'",
        "'it names more than one column'", "'write one rule per column'"
    )
] %}
{%- set types = 'required|range|accepted|date_range|currency|reference|product|repeated|arithmetic' %}
{%- set choices = {'rule_type': types, 'severity': 'reject|quarantine|warn', 'is_active': 'true|false'} %}
with rules as (

    select
        rules.*,
        columns.data_type,
        {{ decimal_number('rules.min_value') }} as min_number,
        {{ decimal_number('rules.max_value') }} as max_number

    from {{ ref('int_validation_rules') }} as rules
    left join {{ ref('int_validation_columns') }} as columns
        on rules.table_key = columns.table_key
            and {{ has_item_of('rules.column_name', 'columns.column_name') }}

),

-- Each cell with every value that it may hold.
choices as (
    {% for cell, allowed in choices.items() %}
    select row_text, '{{ cell }}' as cell, {{ cell }} as given, {{ split_to_rows("'" ~ allowed ~ "'") }} as choice -- noqa
    from {{ ref('int_validation_rules') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

errors as (
    select * from {{ ref('int_validation_name_errors') }}
    union all
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
        row_text,
        concat_ws('', cell, ' is `', given, '`'),
        concat_ws('', 'did you mean `', {{ nearest_name('given', 'choice') }}, '`?')
    from choices
    group by row_text, cell, given
    having not bool_or(given = choice)

    union all

    select
        row_text,
        'the same scope is listed twice',
        'delete one of the rows, or give one a channel or an account'
    from {{ ref('int_validation_rules') }}
    group by row_text
    having count(*) > 1

    union all

    select
        rule_key,
        'its rows differ in table, type or column',
        'give rows that check something else another key'
    from {{ ref('int_validation_rules') }}
    group by rule_key
    having count(distinct concat_ws('', table_key, ' ', rule_type, ' ', column_name)) > 1

)

select distinct
    'validation_rules' as seed_name,
    *
from errors
