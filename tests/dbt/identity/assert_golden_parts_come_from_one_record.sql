-- One row per customer and name or address that is mixed: from two sources or dates, or not stated by any one record.
with golden as (

    select
        customer_id,
        unit,
        {% for field in golden_units().name + golden_units().address %}
        coalesce(max(value) filter (where field = '{{ field }}'), '') as {{ field }},
        {% endfor %}
        count(distinct concat_ws('', source_system, '|', cast(valued_at as {{ dbt.type_string() }}))) as record_count,
        max(source_system) as source_system,
        max(valued_at) as valued_at

    from {{ ref('int_customer_golden_values') }}
    where unit in ('name', 'address')
    group by customer_id, unit

),

stated as (

    {% for unit in ['name', 'address'] %}
    select
        customer_id,
        '{{ unit }}' as unit,
        {% for field in golden_units().name + golden_units().address %}
        {{ "coalesce(" ~ field ~ ", '')" if field in golden_units()[unit] else "''" }} as {{ field }},
        {% endfor %}
        source_system,
        valued_at

    from {{ ref('int_golden_record_candidates') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

mixed as (

    select
        golden.customer_id,
        golden.unit

    from golden
    left join stated
        on
            golden.customer_id = stated.customer_id
            and golden.unit = stated.unit
            and golden.source_system = stated.source_system
            and golden.valued_at = stated.valued_at
            {% for field in golden_units().name + golden_units().address %}
            and golden.{{ field }} = stated.{{ field }}
            {% endfor %}
    where stated.customer_id is null or golden.record_count > 1

)

select distinct * from mixed
