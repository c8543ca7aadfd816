-- Grain: one row per check, source system, subject, outcome and currency: how many records, and how much money.
with records as (

    select
        'records' as check_name,
        source_system,
        record_type as subject,
        outcome,
        coalesce(currency, 'unknown') as currency,
        count(*) as record_count,
        sum(amount) as amount,
        cast(null as decimal(18, 4)) as difference

    from {{ ref('int_money_records') }}
    group by source_system, record_type, outcome, coalesce(currency, 'unknown')

),

{% for check_name, state, difference in [
    ('order total', 'total_state', 'total_difference'), ('payments', 'payment_state', 'payment_difference')
] %}
{{ state }}s as (

    select
        '{{ check_name }}' as check_name,
        source_system,
        'order' as subject,
        {{ state }} as outcome,
        currency,
        count(*) as record_count,
        sum(order_total) as amount,
        sum(abs({{ difference }})) as difference

    from {{ ref('int_order_reconciliation') }}
    group by source_system, {{ state }}, currency

),

{% endfor %}
unioned as (

    select * from records
    union all
    select * from total_states
    union all
    select * from payment_states

),

typed as (

    select
        check_name,
        source_system,
        subject,
        outcome,
        currency,
        cast(record_count as bigint) as record_count,
        cast(amount as decimal(28, 4)) as amount,
        cast(difference as decimal(28, 4)) as difference

    from unioned

)

select * from typed
