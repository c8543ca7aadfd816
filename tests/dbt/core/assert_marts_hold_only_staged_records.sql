-- The marts hold no order, line, payment or refund that is not in staging, and none twice.
with staged as (

    select
        record_type,
        count(*) as record_count

    from {{ ref('int_money_records') }}
    where outcome = 'in the model'
    group by record_type

),

in_marts as (

    {% for mart, record_type in [
        ('orders', 'order'), ('order_lines', 'order line'), ('order_payments', 'payment'), ('returns', 'refund')
    ] %}
    select
        '{{ record_type }}' as record_type,
        count(*) as record_count

    from {{ ref(mart) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    in_marts.record_type,
    in_marts.record_count,
    staged.record_count as staged_record_count

from in_marts
left join staged
    on in_marts.record_type = staged.record_type
where in_marts.record_count <> coalesce(staged.record_count, 0)
