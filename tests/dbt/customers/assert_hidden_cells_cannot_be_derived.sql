-- One row per hidden cell of demographic_overlap that is not a corner of a rectangle of hidden cells, so that it might
-- be derived from totals, and per shown cell that is too small.
{%- set minimum = small_cell_minimum() %}
with cells as (

    select * from {{ ref('demographic_overlap') }}
    where other_dimension <> 'all'

),

{% for measure, flag in {'people': 'is_suppressed', 'revenue': 'is_revenue_suppressed'}.items() -%}
{{ measure }}_hidden as (

    select
        '{{ measure }}' as measure,
        dimension,
        other_dimension,
        value,
        other_value

    from cells
    where {{ flag }}

),

{{ measure }}_covered as (

    select distinct
        corner.measure,
        corner.dimension,
        corner.other_dimension,
        corner.value,
        corner.other_value

    from {{ measure }}_hidden as corner
    {% for other, row, col in [('beside', '=', '<>'), ('below', '<>', '=')] -%}
    inner join {{ measure }}_hidden as {{ other }}
        on
            corner.dimension = {{ other }}.dimension
            and corner.other_dimension = {{ other }}.other_dimension
            and corner.value {{ row }} {{ other }}.value
            and corner.other_value {{ col }} {{ other }}.other_value
    {% endfor -%}
    inner join {{ measure }}_hidden as across
        on
            corner.dimension = across.dimension
            and corner.other_dimension = across.other_dimension
            and below.value = across.value
            and beside.other_value = across.other_value

),

{% endfor -%}
derivable_people as (

    select * from people_hidden
    except
    select * from people_covered

),

derivable_revenue as (

    select * from revenue_hidden
    except
    select * from revenue_covered

),

derivable as (

    select * from derivable_people
    union all
    select * from derivable_revenue

),

small as (

    select
        'shown although small' as measure,
        dimension,
        other_dimension,
        value,
        other_value

    from {{ ref('demographic_overlap') }}
    where
        customer_count between 1 and {{ minimum }} - 1
        or buyer_count_365d between 1 and {{ minimum }} - 1
        or (is_suppressed and not is_revenue_suppressed)
        or (is_suppressed and customer_share is not null)

),

-- When all people together are few, each dimension has one value, each table one cell, and nothing is shown.
populations as (

    select count(*) as shown_total_count from {{ ref('demographic_overlap') }}
    where dimension = 'all' and not is_suppressed and not is_revenue_suppressed

)

select derivable.* from derivable
cross join populations
where populations.shown_total_count = 1
union all
select * from small
