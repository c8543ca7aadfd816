-- Grain: one row per field (or all of them: total), source system (or the golden record) and relation. Shares and
-- counts only, never a value.
{%- set measures = ['completeness', 'validity', 'uniqueness', 'agreement', 'recency'] %}
{#- Fields whose values should be unique to a person. -#}
{%- set unique_fields = "('email', 'phone', 'customer_number', 'loyalty_number')" %}
with weights as (
    {{ literal_rows({'field': dbt.type_string(), 'weight': 'double'}, accuracy_weights()) }}

),

counts as (

    select * from {{ ref('int_profile_field_counts') }}

),

measured as (

    select
        counts.*,
        weights.weight,
        cast(counts.filled_count as double) / nullif(counts.record_count, 0) as completeness,
        cast(counts.valid_count as double) / nullif(counts.filled_count, 0) as validity,
        case
            when counts.field in {{ unique_fields }}
                then cast(counts.distinct_count as double) / nullif(counts.entity_count, 0)
        end as uniqueness,
        cast(counts.agreed_count as double) / nullif(counts.compared_count, 0) as agreement,
        cast(counts.recent_count as double) / nullif(counts.entity_count, 0) as recency

    from counts
    inner join weights
        on counts.field = weights.field
    where counts.record_count > 0

),

scored as (

    select
        measured.*,
        -- The unweighted mean of what could be measured.
        {{ mean_of_known(measures) }} as score

    from measured

),

totals as (

    select
        'total' as field,
        source_system,
        cast(null as {{ dbt.type_string() }}) as relation,
        cast(null as bigint) as filled_count,
        cast(null as bigint) as compared_count,
        {% for name in measures + ['median_age_days', 'score'] %}
        sum(weight * {{ name }}) / nullif(sum(case when {{ name }} is not null then weight end), 0) as {{ name }},
        {% endfor %}
        max(record_count) as record_count

    from scored
    group by source_system

),

unioned as (

    {% for relation in ['scored', 'totals'] %}
    select
        {% for name in ['field', 'source_system', 'relation', 'record_count', 'filled_count', 'compared_count'] -%}
        {{ name }},
        {% endfor -%}
        {% for name in measures -%}
        {{ name }},
        {% endfor -%}
        median_age_days,
        score

    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        field,
        source_system,
        completeness,
        validity,
        uniqueness,
        agreement,
        recency,
        median_age_days,
        cast(record_count as bigint) as record_count,
        cast(filled_count as bigint) as filled_count,
        cast(compared_count as bigint) as compared_count,
        score,
        relation

    from unioned

)

select * from final
