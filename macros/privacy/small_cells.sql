{# Whether a cell stands for so few people that its figures would tell of single ones. Nobody at all is not few. #}
{% macro is_small_cell(people, buyers, minimum) -%}
    ({{ people }} between 1 and {{ minimum }} - 1 or {{ buyers }} between 1 and {{ minimum }} - 1)
{%- endmacro %}

{# Puts the small values of each dimension together, with as many of the next larger ones as it takes until the group
   they form is not small: so every total of a row or column can be shown. `counts` has one row per dimension and
   value with customer_count and buyer_count. Yields dimension, value, shown_value. #}
{% macro merged_small_values(counts, minimum, merged_name) -%}
    select
        dimension,
        value,
        case
            when
                is_small
                or (
                    has_small
                    and (smaller_customers < {{ minimum }} or smaller_buyers between 1 and {{ minimum }} - 1)
                )
                then {{ text_literal(merged_name) }}
            else value
        end as shown_value

    from (
        select
            dimension,
            value,
            is_small,
            max(case when is_small then 1 else 0 end) over (partition by dimension) = 1 as has_small,
            coalesce(sum(customer_count) over (
                partition by dimension
                order by size_order
                rows between unbounded preceding and 1 preceding
            ), 0) as smaller_customers,
            coalesce(sum(buyer_count) over (
                partition by dimension
                order by size_order
                rows between unbounded preceding and 1 preceding
            ), 0) as smaller_buyers

        from (
            select
                counted.*,
                row_number() over (
                    partition by dimension
                    order by case when is_small then 0 else 1 end, customer_count, value
                ) as size_order

            from (
                select
                    {{ counts }}.*,
                    {{ is_small_cell('customer_count', 'buyer_count', minimum) }} as is_small
                from {{ counts }}
            ) as counted
        ) as ordered
    ) as summed
{%- endmacro %}

{# Which cells of two-way tables must not be shown, so that none is worked out from totals of rows and columns.

   Every small cell is hidden together with three others that form a rectangle with it: what is added to one corner may
   be taken from the next without changing any total, so no corner is determined by what is shown. Of all rectangles
   the one that leaves most room for doubt is taken (how far people may move between its corners, none below nobody),
   up to `minimum`; of those the one that hides fewest people.

   `cells` has every pair of values of each table, nobody included: table_key, row_value, col_value and each of
   `measures`; a cell is small when one of them is 1 to minimum - 1. The totals of rows and columns must not be small:
   see merged_small_values. Yields the cells' keys and is_hidden. #}
{% macro hidden_cells(cells, measures, minimum) -%}
    with judged as (

        select
            marked.*,
            case when is_small then 0 else {{ measures[0] }} end as cost
        from (
            select
                {{ cells }}.*,
                ({% for measure in measures %}{{ measure }} between 1 and {{ minimum }} - 1{{ ' or ' if not loop.last }}{% endfor %}) as is_small
            from {{ cells }}
        ) as marked

    ),

    rectangles as (

        select
            small.table_key,
            small.row_value,
            small.col_value,
            below.row_value as other_row,
            beside.col_value as other_col,
            row_number() over (
                partition by small.table_key, small.row_value, small.col_value
                order by
                    {% for measure in measures -%}
                    {{ '+ ' if not loop.first }}least(
                        {{ minimum }},
                        least(beside.{{ measure }}, below.{{ measure }}) + least(small.{{ measure }}, across.{{ measure }})
                    )
                    {% endfor %} desc,
                    beside.cost + below.cost + across.cost, below.row_value, beside.col_value
            ) as choice

        from judged as small
        inner join judged as beside
            on
                small.table_key = beside.table_key
                and small.row_value = beside.row_value
                and small.col_value <> beside.col_value
        inner join judged as below
            on
                small.table_key = below.table_key
                and small.col_value = below.col_value
                and small.row_value <> below.row_value
        inner join judged as across
            on
                small.table_key = across.table_key
                and below.row_value = across.row_value
                and beside.col_value = across.col_value
        where small.is_small

    ),

    hidden as (

        {% for row, col in [('row_value', 'col_value'), ('row_value', 'other_col'), ('other_row', 'col_value'), ('other_row', 'other_col')] -%}
        select
            table_key,
            {{ row }} as row_value,
            {{ col }} as col_value
        from rectangles
        where choice = 1
        {{ 'union' if not loop.last }}
        {% endfor %}

    )

    select
        judged.table_key,
        judged.row_value,
        judged.col_value,
        hidden.table_key is not null or judged.is_small as is_hidden

    from judged
    left join hidden
        on
            judged.table_key = hidden.table_key
            and judged.row_value = hidden.row_value
            and judged.col_value = hidden.col_value
{%- endmacro %}
