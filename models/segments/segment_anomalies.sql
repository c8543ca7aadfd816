-- Grain: one row per evaluated day of the last year and segment: the range expected from its history, whether the day
-- was unusual, and the likely cause.
with growth as (

    select * from {{ ref('segment_growth') }}
    where {{ within_window('as_of_date', var('anomaly_days')) }}

),

bands as (

    select * from {{ ref('int_segment_day_bands') }}

),

causes as (

    select * from {{ ref('int_segment_anomaly_causes') }}

),

final as (

    select
        growth.as_of_date,
        growth.segment_key,
        growth.rule_version,
        growth.customer_count,
        growth.previous_customer_count,
        growth.entered_count - growth.entered_by_initial_load_count as entered_count,
        growth.left_count,
        {%- for measure, column in [('size', 'customer_count'), ('entered', 'entered_count'), ('left', 'left_count')] %}
        {%- for name in ['expected', 'lowest', 'highest'] %}
        bands.{{ name }}_{{ measure }} as {{ name }}_{{ column }},
        {%- endfor %}
        {%- endfor %}
        cast(bands.unusual_measure as {{ dbt.type_string() }}) as unusual_measure,
        bands.score,
        bands.segment_key is not null as is_judged,
        coalesce(bands.is_unusual, false) as is_unusual,
        cast(case
            when bands.segment_key is not null then null
            when growth.previous_as_of_date is null then 'the first evaluation shows no movement yet'
            when growth.previous_as_of_date < {{ days_before('growth.as_of_date', 1) }}
                then 'the day before was not evaluated'
            else 'fewer than six weeks of daily evaluations with this rule'
        end as {{ dbt.type_string() }}) as not_judged_reason,
        cast(causes.cause as {{ dbt.type_string() }}) as cause,
        cast(causes.cause_evidence as {{ dbt.type_string() }}) as cause_evidence

    from growth
    left join bands
        on growth.as_of_date = bands.as_of_date and growth.segment_key = bands.segment_key
    left join causes
        on growth.as_of_date = causes.as_of_date and growth.segment_key = causes.segment_key

)

select * from final
