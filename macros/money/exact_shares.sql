{# Allocates each group's amount to the group's rows in proportion to a base, exactly to the cent: half-even, and the
   rounding difference goes to the row with the largest base, the first by key among equals. Rows without a positive
   base get nothing and are left out. A negative amount is allocated the same way.
   Yields `row_key` and `share`, a decimal in the amount's currency. #}
{% macro exact_shares(relation, group_key, row_key, amount, base) -%}
    select
        {{ row_key }},
        {{ amount }} as share
    from (
        {{ exact_shares_of_each(relation, group_key, row_key, [amount], base) }}
    ) as shares
{%- endmacro %}

{# The same for several amounts by one base, in one pass. Yields `row_key` and a share under each amount's own name. #}
{% macro exact_shares_of_each(relation, group_key, row_key, amounts, base) -%}
    select
        {{ row_key }},
        {%- for amount in amounts %}
        -- The row with the largest base takes the difference between the amount and the sum of the rounded shares.
        cast(
            rounded_{{ amount }}
            + case
                when share_rank = 1
                    then {{ amount }} - sum(rounded_{{ amount }}) over (partition by {{ group_key }})
                else 0
            end as decimal(18, 4)
        ) as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        select
            {{ group_key }},
            {{ row_key }},
            {%- for amount in amounts %}
            {{ amount }},
            {{ to_cents('cast(' ~ amount ~ ' as double) * ' ~ base ~ ' / base_total') }} as rounded_{{ amount }},
            {%- endfor %}
            share_rank
        from (
            select
                {{ group_key }},
                {{ row_key }},
                {{ base }},
                {{ amounts | join(', ') }},
                sum({{ base }}) over (partition by {{ group_key }}) as base_total,
                row_number() over (partition by {{ group_key }} order by {{ base }} desc, {{ row_key }}) as share_rank
            from {{ relation }}
            where {{ base }} > 0
        ) as weighed
    ) as rounded
{%- endmacro %}
