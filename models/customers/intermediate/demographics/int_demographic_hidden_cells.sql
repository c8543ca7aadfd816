-- Grain: one row per cell of int_demographic_cells and kind of figure (people, revenue): whether it must be hidden, so
-- that no small cell can be calculated from row and column totals (complementary suppression).
--
-- Every small cell is hidden together with three others that form a rectangle with it: adding to one corner and taking
-- from the next changes no total, so no corner can be derived from what is shown. Of all rectangles the one that leaves
-- the most uncertainty is chosen (how many people could move between its corners with no corner below 0), up to the
-- minimum; among those, the one that hides the fewest people. Totals are not small: see int_demographic_values.
{%- set minimum = small_cell_minimum() %}
with kinds as (

    select 'people' as figure_kind
    union all
    select 'revenue' as figure_kind

),

-- Revenue of a few buyers reveals them, however many others share their traits; for counts of people alone, the number
-- of buyers does not matter.
cells as (

    select
        kinds.figure_kind,
        cells.table_key,
        cells.row_value,
        cells.col_value,
        cells.customer_count,
        case kinds.figure_kind when 'revenue' then cells.buyer_count else 0 end as buyer_count

    from {{ ref('int_demographic_cells') }} as cells
    cross join kinds

),

marked as (

    select
        *,
        {{ is_small_cell('customer_count', 'buyer_count', minimum) }} as is_small,
        case when {{ is_small_cell('customer_count', 'buyer_count', minimum) }} then 0 else customer_count end as cost
    from cells

),

rectangles as (

    select
        small.figure_kind,
        small.table_key,
        small.row_value,
        small.col_value,
        below.row_value as other_row,
        beside.col_value as other_col,
        row_number() over (
            partition by small.figure_kind, small.table_key, small.row_value, small.col_value
            order by
                {% for count in ['customer_count', 'buyer_count'] -%}
                {{ '+ ' if not loop.first }}least(
                    {{ minimum }},
                    least(beside.{{ count }}, below.{{ count }}) + least(small.{{ count }}, across.{{ count }})
                )
                {% endfor -%}
                desc, beside.cost + below.cost + across.cost, below.row_value, beside.col_value
        ) as rectangle_rank

    from marked as small
    inner join marked as beside
        on small.figure_kind = beside.figure_kind
            and small.table_key = beside.table_key
            and small.row_value = beside.row_value
            and small.col_value <> beside.col_value
    inner join marked as below
        on small.figure_kind = below.figure_kind
            and small.table_key = below.table_key
            and small.col_value = below.col_value
            and small.row_value <> below.row_value
    inner join marked as across
        on small.figure_kind = across.figure_kind
            and small.table_key = across.table_key
            and below.row_value = across.row_value
            and beside.col_value = across.col_value
    where small.is_small

),

hidden as (

    {% for row, col in [
        ('row_value', 'col_value'), ('row_value', 'other_col'), ('other_row', 'col_value'), ('other_row', 'other_col')
    ] -%}
    select
        figure_kind,
        table_key,
        {{ row }} as row_value,
        {{ col }} as col_value
    from rectangles
    where rectangle_rank = 1
    {{ 'union' if not loop.last }}
    {% endfor %}
),

flagged as (

    select
        marked.figure_kind,
        marked.table_key,
        marked.row_value,
        marked.col_value,
        hidden.table_key is not null or marked.is_small as is_hidden

    from marked
    left join hidden
        on marked.figure_kind = hidden.figure_kind
            and marked.table_key = hidden.table_key
            and marked.row_value = hidden.row_value
            and marked.col_value = hidden.col_value

)

select * from flagged
