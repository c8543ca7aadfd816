-- Grain: one row per cell of the validation rules whose value cannot be used, or that contradicts another row.
{%- set choices = {
    'rule_type': [
        'required', 'range', 'accepted', 'date_range', 'currency', 'reference', 'product', 'repeated', 'arithmetic'
    ],
    'severity': ['reject', 'quarantine', 'warn'],
    'is_active': ['true', 'false']
} %}
with rules as (

    select * from {{ ref('int_validation_rules') }}

),

typed as (

    select
        rules.*,
        columns.data_type,
        {{ decimal_number('rules.min_value') }} as min_number,
        {{ decimal_number('rules.max_value') }} as max_number

    from rules
    left join {{ ref('int_validation_columns') }} as columns
        on rules.table_key = columns.table_key
            and {{ has_item_of('rules.column_name', 'columns.column_name') }}

),

choices as (
    {%- for name, allowed in choices.items() %}
    {%- set choices_loop = loop %}
    {%- for choice in allowed %}

    select '{{ name }}' as cell, '{{ choice }}' as choice
    {{ 'union all' if not (loop.last and choices_loop.last) }}
    {%- endfor %}
    {%- endfor %}

),

chosen as (
    {%- for name in choices %}

    select row_text, '{{ name }}' as cell, {{ name }} as given from rules
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

wrong_choices as (

    select
        chosen.row_text,
        chosen.cell,
        chosen.given,
        min_by(choices.choice, {{ name_distance('chosen.given', 'choices.choice') }}) as meant,
        max(case when chosen.given = choices.choice then 1 else 0 end) as is_known

    from chosen
    inner join choices
        on chosen.cell = choices.cell
    group by chosen.row_text, chosen.cell, chosen.given

),

faults as (

    select
        row_text,
        concat(cell, ' is `', given, '`') as reason,
        concat('did you mean `', meant, '`?') as suggestion

    from wrong_choices
    where is_known = 0

    union all

    select
        row_text,
        concat('the key `', rule_key, '` is not a key'),
        'use lower-case letters, digits and underscores, starting with a letter, at most 60'

    from rules
    where {{ regexp_keep('rule_key', '^[a-z][a-z0-9_]{1,59}$') }} = ''

    union all

    select
        row_text,
        'the same scope stands there twice',
        'delete one of the rows, or give one a channel or an account'

    from rules
    group by row_text
    having count(*) > 1

    union all

    select
        rule_key,
        'its rows differ in table, type or column',
        'give rows that check something else a key of their own'

    from rules
    group by rule_key
    having count(distinct concat(table_key, ' ', rule_type, ' ', column_name)) > 1

    union all

    select
        row_text,
        'it says no reason',
        'say in words what is wrong with a row that breaks the rule'

    from rules
    where reason = ''
    {%- for limit in ['min', 'max'] %}

    union all

    select
        row_text,
        concat('{{ limit }}_value is `', {{ limit }}_value, '`'),
        'write a number such as 5000 or -0.5, without a thousands separator'

    from typed
    where
        rule_type in ('range', 'arithmetic') and {{ limit }}_value <> '' and {{ limit }}_number is null
    {%- endfor %}

    union all

    select
        row_text,
        concat('min_value ', min_value, ' is above max_value ', max_value),
        'swap them'

    from typed
    where rule_type = 'range' and min_number > max_number

    union all

    select
        row_text,
        'it has no limit',
        'write min_value, max_value or both'

    from rules
    where
        (rule_type in ('range', 'date_range') and min_value = '' and max_value = '')
        or (rule_type = 'arithmetic' and max_value = '')

    union all

    select
        row_text,
        concat('min_value is `', min_value, '`'),
        'write the earliest day, such as 2000-01-01'

    from rules
    where rule_type = 'date_range' and min_value <> '' and not {{ is_calendar_day('min_value') }}

    union all

    select
        row_text,
        concat('max_value is `', max_value, '`'),
        'write a whole number of days after the record became known, such as 2, at most 36500'

    from rules
    where
        rule_type = 'date_range'
        and max_value <> ''
        and coalesce({{ whole_number('max_value') }}, 99999) > 36500

    union all

    select
        row_text,
        concat('its column holds ', data_type),
        case when rule_type = 'range' then 'a range needs a number' else 'a date range needs a date or a timestamp' end

    from typed
    where
        (rule_type = 'range' and data_type in ('varchar', 'boolean', 'timestamp', 'date'))
        or (rule_type = 'date_range' and data_type not in ('timestamp', 'date'))

    union all

    select
        row_text,
        'it lists no accepted value',
        'write them into reference, joined by |'

    from rules
    where rule_type = 'accepted' and reference = ''

    union all

    select
        row_text,
        'it names more than one column',
        'write a rule for each'

    from rules
    where rule_type in ('reference', 'product', 'currency') and column_name like '%|%'

)

select distinct * from faults
