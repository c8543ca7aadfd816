-- Grain: one row per customer and field that is known: the surviving value, its source and its date. Identifiers.
-- The winning statement is chosen by the rule of the seed survivorship_rules, then by its tie-breakers, and finally by
-- the newest date and the first value in the alphabet: never by the order of rows.
{{ config(schema='pii') }}

{%- do stop_on_seed_violations(['survivorship_rules']) %}

-- A name or an address is taken whole from one record, so the choice is between units of up to five parts.
with candidates as (

    {% for unit, fields in golden_units().items() %}
    select
        customer_id,
        source_system,
        {%- for place in range(5) %}
        {{ fields[place] if place < fields | length else 'null' }} as part_{{ place + 1 }},
        {%- endfor %}
        '{{ unit }}' as unit,
        {{ unit }}_precedence as precedence,
        valued_at,
        record_count
    from {{ ref('int_golden_record_candidates') }}
    where {{ unit }}_precedence is not null and coalesce({{ (fields + ['null']) | join(', ') }}) is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

scored as (

    select
        candidates.*,
        rules.rule,
        concat_ws('', rules.rule, '|', replace(coalesce(rules.then_by, ''), ' ', '')) as criteria,
        case when candidates.part_1 is null then 0 else 1 end + case when candidates.part_2 is null then 0 else 1 end
        + case when candidates.part_3 is null then 0 else 1 end + case when candidates.part_4 is null then 0 else 1 end
        + case when candidates.part_5 is null then 0 else 1 end as filled_count,
        -- Case is ignored.
        case
            when concat_ws('', rules.rule, rules.then_by) like '%most_frequent%'
                then lower(
                        coalesce(candidates.part_1, '') || '|' || coalesce(candidates.part_2, '') || '|'
                        || coalesce(candidates.part_3, '') || '|' || coalesce(candidates.part_4, '') || '|'
                        || coalesce(candidates.part_5, '')
                    )
        end as spelling
    from candidates
    inner join {{ ref('survivorship_rules') }} as rules
        on candidates.unit = rules.field

),

frequencies as (

    select
        customer_id,
        unit,
        spelling,
        sum(record_count) as statement_count
    from scored
    where spelling is not null
    group by customer_id, unit, spelling

),

ranked as (

    select
        scored.*,
        row_number() over (
            partition by scored.customer_id, scored.unit
            order by
                {% for place in range(1, 5) %}
                case split_part(scored.criteria, '|', {{ place }}) when 'trusted' then scored.precedence end asc
                    nulls last,
                case split_part(scored.criteria, '|', {{ place }}) when 'most_recent' then scored.valued_at end desc,
                case split_part(scored.criteria, '|', {{ place }})
                    when 'most_complete' then scored.filled_count
                    when 'most_frequent' then frequencies.statement_count
                end desc,
                {% endfor %}
                scored.valued_at desc,
                {% for place in range(1, 6) %}
                scored.part_{{ place }} asc nulls last,
                {% endfor %}
                scored.source_system asc
        ) as place
    from scored
    left join frequencies
        on scored.customer_id = frequencies.customer_id
            and scored.unit = frequencies.unit
            and scored.spelling = frequencies.spelling

),

golden as (

    {% for number in range(1, 6) %}
    select
        customer_id,
        unit,
        case unit
            {%- for unit, fields in golden_units().items() if fields | length >= number %}
            when '{{ unit }}' then '{{ fields[number - 1] }}'
            {%- endfor %}
        end as field,
        part_{{ number }} as value,
        source_system,
        valued_at,
        rule
    from ranked
    where place = 1 and part_{{ number }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from golden
