{# Names of the costs that may be missing, as used in `missing_costs` columns. #}
{% macro cost_words() -%}
    {{ return([
        'goods', 'shipping', 'payment_fee', 'marketplace_fee', 'return_handling', 'service', 'exchange_rate'
    ]) }}
{%- endmacro %}

{# The costs missing in any row of a group, by the names in a `missing_costs` column: each once, in a fixed order; null
   when none is missing. For use with `group by`. #}
{% macro all_missing_costs(column) -%}
    nullif(
        concat_ws(
            ', '
            {%- for word in cost_words() -%}
            , case when bool_or({{ column }} like '%{{ word }}%') then '{{ word }}' end
            {%- endfor -%}
        ),
        ''
    )
{%- endmacro %}

{# The same across several columns of one row. #}
{% macro missing_costs_of(columns) -%}
    nullif(
        concat_ws(
            ', '
            {%- for word in cost_words() -%}
            , case
                when {% for column in columns %}{{ column }} like '%{{ word }}%'{{ ' or ' if not loop.last }}{% endfor %}
                    then '{{ word }}'
            end
            {%- endfor -%}
        ),
        ''
    )
{%- endmacro %}

{# The least share of product revenue whose cost of goods must be known for a margin to count as known. #}
{% macro least_cost_coverage() -%}0.9{%- endmacro %}

{# A margin where enough of the cost of goods is known, else null. `coverage` is null where no goods were sold. #}
{% macro known_margin(margin, coverage) -%}
    case when coalesce({{ coverage }}, 1) >= {{ least_cost_coverage() }} then {{ margin }} end
{%- endmacro %}

{# Why no rule may use a margin in this run, in words; none where it may. Unit tests and copies without order_margins
   take costs as known. #}
{% macro costs_unavailable_reason() -%}
    {%- if model is defined and model.resource_type == 'unit_test' -%}{{ return(none) }}{%- endif -%}
    {%- set memory = run_memory('costs_unavailable_reason') -%}
    {%- if 'reason' not in memory -%}
        {%- set margins = built_relation('model', 'order_margins') -%}
        {%- if margins is none -%}{{ return(none) }}{%- endif -%}
        {%- set sales = run_query(
            'select sum(cast(product_revenue as double)), sum(cast(revenue_with_known_cost as double)) from ' ~ margins
        ).rows[0] -%}
        {%- set share = sales[1] / sales[0] if sales[0] else 1 -%}
        {%- do memory.update({'reason': 'the cost of goods is known for only ' ~ (100 * share) | int ~ ' % of sales'
            if share < least_cost_coverage() | float else none}) -%}
    {%- endif -%}
    {{ return(memory['reason']) }}
{%- endmacro %}

{# The amounts of a margin, from revenue down to the last cost; contribution_margin follows from them. #}
{% macro margin_amounts() -%}
    {{ return([
        'gross_revenue', 'discounts', 'returns_amount', 'shipping_revenue', 'net_revenue', 'cogs', 'shipping_cost',
        'payment_fees', 'marketplace_fees', 'return_handling_cost', 'service_cost', 'contribution_margin'
    ]) }}
{%- endmacro %}

{# The amounts that are summed; net revenue and contribution margin are calculated from them. #}
{% macro margin_parts() -%}
    {{ return(margin_amounts() | reject('in', ['net_revenue', 'contribution_margin']) | list) }}
{%- endmacro %}

{# All margin columns, each a decimal, from a relation that holds the parts. #}
{% macro margin_columns() -%}
    {%- for amount in margin_amounts() %}
    {%- if amount == 'net_revenue' %}
        cast(gross_revenue - discounts - returns_amount + shipping_revenue as decimal(18, 2)) as net_revenue
    {%- elif amount == 'contribution_margin' %}
        cast(
            gross_revenue - discounts - returns_amount + shipping_revenue
            - cogs - shipping_cost - payment_fees - marketplace_fees - return_handling_cost - service_cost
            as decimal(18, 2)
        ) as contribution_margin
    {%- else %}
        cast({{ amount }} as decimal(18, 2)) as {{ amount }}
    {%- endif %}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# A value of the seed cost_assumptions, trimmed and in lower case; '' when empty. #}
{% macro cost_word(column) -%}
    lower(trim(coalesce(cast({{ column }} as {{ dbt.type_string() }}), '')))
{%- endmacro %}

{# Sums of amounts under their own names. #}
{% macro sums_of(amounts, relation=none) -%}
    {%- for amount in amounts -%}
    sum({{ relation ~ '.' if relation }}{{ amount }}) as {{ amount }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# All `amounts`: those named in `given` as a mapping of name to expression, the others as 0. #}
{% macro amounts_or_zero(amounts, given) -%}
    {%- for amount in amounts -%}
    {{ given[amount] if amount in given else 'cast(0 as decimal(18, 2))' }} as {{ amount }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
