-- Grain: one row per segment and day judged: the measure that is furthest from expected, and all three measures.
with scores as (

    select
        *,
        row_number() over (
            partition by as_of_date, segment_key
            order by abs(score) desc, measure
        ) as score_rank

    from {{ ref('int_segment_flow_scores') }}

),

days as (

    select
        as_of_date,
        segment_key,
        max(measure) filter (where score_rank = 1) as unusual_measure,
        max(score) filter (where score_rank = 1) as score,
        {%- for measure in ['entered', 'left', 'size'] %}
        max(expected_flow) filter (where measure = '{{ measure }}') as {{ measure }}_flow,
        max(scatter) filter (where measure = '{{ measure }}') as {{ measure }}_scatter,
        {%- endfor %}
        count(*) as measure_count

    from scores
    group by as_of_date, segment_key

)

select * from days
