-- Grain: one row per active segment and customer of its sample, with the conditions that include or exclude them.
with samples as (

    select * from {{ ref('int_segment_samples') }}

),

-- Read by the trace.
features as (  -- noqa: ST03

    {{ segment_features() }}

),

-- Read where a rule names a percentile.
percentiles as (  -- noqa: ST03

    select * from {{ ref('int_segment_percentiles') }}

),

-- Read where a rule refers to another segment.
lower_matches as (  -- noqa: ST03

    select
        customer_id,
        segment_key

    from {{ ref('int_segment_matches') }}

),

trace as (

    {{ segment_trace_sql('samples', 'features', 'percentiles') }}

),

-- Every condition with the customer's own value.
worded as (

    select
        customer_id,
        segment_key,
        kind,
        alternative,
        condition_number,
        is_met,
        concat_ws(
            '', condition_text,
            ': ', {{ trace_value_text("coalesce(actual_value, 'missing')") }},
            case when expected_note is not null then ', threshold ' || expected_value else '' end
        ) as words

    from trace
    where kind in ('include', 'exclude')

),

alternatives as (

    select
        customer_id,
        segment_key,
        kind,
        sum(case when is_met then 0 else 1 end) as missed_count,
        {{ ordered_text_list('case when is_met then words end', 'condition_number', '; ') }} as met_words,
        {{ ordered_text_list('case when not is_met then words end', 'condition_number', '; ') }} as missed_words,
        row_number() over (
            partition by customer_id, segment_key, kind
            order by sum(case when is_met then 0 else 1 end), alternative nulls last
        ) as alternative_rank

    from worded
    group by customer_id, segment_key, kind, alternative

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        samples.segment_key,
        samples.sample,
        cast(samples.sample_rank as bigint) as sample_rank,
        samples.customer_id,
        samples.contribution_margin,
        samples.net_revenue,
        cast(
            case
                when samples.sample = 'included' then included.met_words
                when included.missed_count > 0 then concat_ws('', 'misses: ', included.missed_words)
                else concat_ws('', 'left out: ', excluded.met_words)
            end as {{ dbt.type_string() }}
        ) as explanation

    from samples
    left join alternatives as included
        on
            samples.customer_id = included.customer_id
            and samples.segment_key = included.segment_key
            and included.kind = 'include'
            and included.alternative_rank = 1
    left join alternatives as excluded
        on
            samples.customer_id = excluded.customer_id
            and samples.segment_key = excluded.segment_key
            and excluded.kind = 'exclude'
            and excluded.alternative_rank = 1
            and excluded.missed_count = 0

)

select * from final
