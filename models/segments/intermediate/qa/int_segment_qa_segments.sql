-- Grain: one row per segment that its owner calls active, also where it cannot be computed in this run.
with definitions as (

    select * from {{ ref('int_segment_definitions') }}
    where effective_status in ('active', 'not_computable')

),

sizes as (

    select
        segment_key,
        customer_count

    from {{ ref('segment_sizes') }}
    where as_of_date = {{ as_of_date() }}

),

everybody as (

    select count(*) as known_count from {{ ref('int_customer_spine') }}

),

joined as (

    select
        definitions.segment_key,
        definitions.status_reason,
        definitions.channels,
        definitions.scope,
        definitions.success_measure,
        definitions.rule_fingerprint,
        cast(definitions.expected_min_share as double) as expected_min_share,
        cast(definitions.expected_max_share as double) as expected_max_share,
        coalesce(sizes.customer_count, 0) as customer_count,
        everybody.known_count,
        definitions.effective_status = 'active' as is_computable,
        definitions.is_suppression,
        case
            when definitions.is_suppression then false
            when {{ has_item('definitions.tags', 'service') }} then false
            when {{ has_item('definitions.tags', 'service_recovery') }} then false
            else true
        end as is_selling

    from definitions
    cross join everybody
    left join sizes
        on definitions.segment_key = sizes.segment_key

)

select * from joined
