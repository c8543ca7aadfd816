-- Grain: one row per customer and field that is known: the value that survived, whose it is and from when. Identifiers.
-- The statement that wins is chosen by the rule of the seed survivorship_rules, then by what breaks ties, and at last by
-- the newest date and the first value in the alphabet: never by the order in which rows come.
{{ config(schema='pii') }}

{%- do stop_on_seed_faults(survivorship_faults(survivorship_rule_rows())) %}

with statements as (

    select * from {{ ref('int_customer_statements') }}

),

rules as (

    select
        field as unit,
        rule,
        concat(rule, '|', replace(coalesce(then_by, ''), ' ', '')) as criteria
    from {{ ref('survivorship_rules') }}

),

-- A name or an address is taken whole from one record, so what is chosen among is a unit of up to five parts.
candidates as (

    {% for unit, fields in golden_units().items() %}
    select
        customer_id, source_system, valued_at, record_count,
        '{{ unit }}' as unit,
        {{ unit }}_precedence as precedence,
        {% for place in range(5) -%}
        {{ fields[place] if place < fields | length else 'null' }} as part_{{ place + 1 }}{{ ', ' if not loop.last }}
        {%- endfor %}
    from statements
    where {{ unit }}_precedence is not null and coalesce({{ (fields + ['null']) | join(', ') }}) is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

spelled as (

    select
        candidates.*,
        rules.rule,
        rules.criteria,
        case when candidates.part_1 is null then 0 else 1 end + case when candidates.part_2 is null then 0 else 1 end
        + case when candidates.part_3 is null then 0 else 1 end + case when candidates.part_4 is null then 0 else 1 end
        + case when candidates.part_5 is null then 0 else 1 end as filled_count,
        -- Letter case makes no other value.
        case when rules.criteria like '%most_frequent%' then
            lower(concat_ws('|', {% for place in range(1, 6) %}coalesce(part_{{ place }}, ''){{ ', ' if not loop.last }}{% endfor %}))
        end as spelling
    from candidates
    inner join rules
        on candidates.unit = rules.unit

),

frequencies as (

    select
        customer_id,
        unit,
        spelling,
        sum(record_count) as said_count
    from spelled
    where spelling is not null
    group by customer_id, unit, spelling

),

ranked as (

    select
        spelled.*,
        row_number() over (
            partition by spelled.customer_id, spelled.unit
            order by
                {% for place in range(1, 5) %}
                case split_part(criteria, '|', {{ place }}) when 'trusted' then precedence end asc,
                case split_part(criteria, '|', {{ place }}) when 'most_recent' then valued_at end desc,
                case split_part(criteria, '|', {{ place }})
                    when 'most_complete' then filled_count when 'most_frequent' then frequencies.said_count
                end desc,
                {% endfor %}
                valued_at desc,
                part_1 asc nulls last, part_2 asc nulls last, part_3 asc nulls last, part_4 asc nulls last,
                part_5 asc nulls last, source_system asc
        ) as place
    from spelled
    left join frequencies
        on spelled.customer_id = frequencies.customer_id
            and spelled.unit = frequencies.unit
            and spelled.spelling = frequencies.spelling

),

golden as (

    {% for unit, fields in golden_units().items() %}
    {% set is_last_unit = loop.last %}
    {% for field in fields %}
    select
        customer_id, unit,
        '{{ field }}' as field,
        part_{{ loop.index }} as value,
        source_system, valued_at, rule
    from ranked
    where place = 1 and unit = '{{ unit }}' and part_{{ loop.index }} is not null
    {{ 'union all' if not (is_last_unit and loop.last) }}
    {% endfor %}
    {% endfor %}

)

select * from golden
