-- Grain: one row per segment and day with two weeks of expectations before it: the expected size, entries and exits
-- with their limits, and the measure that deviates most, relative to its usual scatter.
{%- set limit = var('anomaly_score') %}
with expected as (

    select
        *,
        abs(flow - expected_flow) / least_scatter as distance

    from {{ ref('int_segment_flow_expected') }}

),

growth as (

    select * from {{ ref('segment_growth') }}

),

scattered as (

    select
        expected.as_of_date,
        expected.segment_key,
        expected.measure,
        expected.flow,
        expected.expected_flow,
        expected.least_scatter * greatest(
            -- 1.4826 times the median distance is the standard deviation where errors are normal.
            1.4826 * median(earlier.distance),
            -- Some weekdays vary more than others.
            coalesce(1.4826 * median(earlier.distance) filter (where expected.weekday = earlier.weekday), 0),
            1
        ) as scatter

    from expected
    inner join expected as earlier
        on
            expected.segment_key = earlier.segment_key
            and expected.measure = earlier.measure
            and expected.reference_run = earlier.reference_run
            and expected.as_of_date > earlier.as_of_date
            and {{ days_before('expected.as_of_date', 56) }} <= earlier.as_of_date
            and not earlier.is_rule_changed
    where {{ within_window('expected.as_of_date', var('anomaly_days')) }}
    group by
        expected.as_of_date, expected.segment_key, expected.measure, expected.flow, expected.expected_flow,
        expected.least_scatter
    having count(*) >= 14

),

scored as (

    select
        *,
        (flow - expected_flow) / scatter as score

    from scattered

),

ranked as (

    select
        *,
        row_number() over (partition by as_of_date, segment_key order by abs(score) desc, measure) as score_rank

    from scored

),

days as (

    select
        as_of_date,
        segment_key,
        {%- for measure in ['entered', 'left', 'size'] %}
        max(expected_flow) filter (where measure = '{{ measure }}') as {{ measure }}_flow,
        max(scatter) filter (where measure = '{{ measure }}') as {{ measure }}_scatter,
        {%- endfor %}
        max(measure) filter (where score_rank = 1) as unusual_measure,
        max(score) filter (where score_rank = 1) as score

    from ranked
    group by as_of_date, segment_key

),

bands as (

    select
        {%- for name, distance in [('expected', '0'), ('lowest', '-' ~ limit), ('highest', limit)] %}
        greatest(
            growth.previous_customer_count + days.size_flow + {{ distance }} * days.size_scatter, 0
        ) as {{ name }}_size,
        {%- for side in ['entered', 'left'] %}
        -- Reverses the root transform.
        greatest(
            power(greatest(days.{{ side }}_flow + {{ distance }} * days.{{ side }}_scatter, 0) / 2, 2) - 0.375, 0
        ) as {{ name }}_{{ side }},
        {%- endfor %}
        {%- endfor %}
        days.as_of_date,
        days.segment_key,
        days.unusual_measure,
        days.score,
        abs(days.score) >= {{ limit }} as is_unusual

    from days
    inner join growth
        on days.as_of_date = growth.as_of_date and days.segment_key = growth.segment_key

)

select * from bands
