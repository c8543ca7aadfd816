-- Grain: one row per fault of the seed cost_assumptions: the row, what is wrong, and what was probably meant.
{%- set choices = {
    'shipping': order_channels(),
    'payment_fee': order_channels(),
    'marketplace_fee': ['marketplace'],
    'return_handling': ['return_line'],
    'service': ['ticket']
} %}
with rows_there as (

    select
        {{ cost_word('cost_type') }} as cost_type,
        {{ cost_word('applies_to') }} as applies_to,
        trim(coalesce(cast(valid_from as {{ dbt.type_string() }}), '')) as valid_from,
        trim(coalesce(cast(fixed_amount as {{ dbt.type_string() }}), '')) as fixed_amount,
        trim(coalesce(cast(rate as {{ dbt.type_string() }}), '')) as rate

    from {{ ref('cost_assumptions') }}

),

named as (

    select
        rows_there.*,
        concat(cost_type, ', ', applies_to, ', ', valid_from) as row_text,
        case cost_type
            {%- for cost_type, applies in choices.items() %}
            when '{{ cost_type }}' then '{{ applies | join('|') }}'
            {%- endfor %}
        end as choices,
        try_cast(fixed_amount as decimal(18, 4)) as fixed_number,
        try_cast(rate as decimal(18, 6)) as rate_number

    from rows_there

),

unknown_types as (

    select
        row_text,
        cost_type,
        {{ split_to_rows("'" ~ (choices.keys() | join('|')) ~ "'") }} as choice

    from named
    where choices is null

),

faults as (

    select
        row_text,
        concat('cost_type is `', cost_type, '`') as reason,
        concat('did you mean `', min_by(choice, {{ name_distance('cost_type', 'choice') }}), '`?') as suggestion

    from unknown_types
    group by row_text, cost_type

    union all

    select
        row_text,
        concat('`', cost_type, '` cannot apply to `', applies_to, '`'),
        concat('write one of: ', choices)

    from named
    where choices is not null and (not {{ has_item_of('choices', 'applies_to') }} or applies_to like '%|%')

    union all

    select
        row_text,
        concat('valid_from is `', valid_from, '`'),
        'write the first day on which the cost holds, such as 2026-01-31'

    from named
    where {{ regexp_keep('valid_from', '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') }} = '' or try_cast(valid_from as date) is null

    union all

    select
        row_text,
        'fixed_amount and rate are both empty',
        'write 0 when it costs nothing; an empty row would leave the cost unknown'

    from named
    where fixed_amount = '' and rate = ''

    union all

    select
        row_text,
        concat('fixed_amount is `', fixed_amount, '`'),
        'write an amount of 0 to 1000 such as 3.80; costs are positive'

    from named
    where fixed_amount <> '' and coalesce(fixed_number, -1) not between 0 and 1000

    union all

    select
        row_text,
        concat('rate is `', rate, '`'),
        'write a share of 0 to 0.6, such as 0.018 for 1.8 %'

    from named
    where rate <> '' and coalesce(rate_number, -1) not between 0 and 0.6

    union all

    select
        row_text,
        concat('a ticket has no amount of which `', rate, '` could be a share'),
        'write the cost of a ticket as fixed_amount'

    from named
    where cost_type = 'service' and coalesce(rate_number, 0) > 0

    union all

    select
        row_text,
        'the cost stands there twice from that day on',
        'delete one of the rows'

    from named
    group by row_text
    having count(*) > 1

),

final as (

    select
        'cost_assumptions' as seed_name,
        row_text,
        reason,
        suggestion

    from faults

)

select distinct * from final
