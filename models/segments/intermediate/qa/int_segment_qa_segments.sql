-- Grain: one row per segment that is active in the library, including those that cannot be computed in this run.
with definitions as (

    select * from {{ ref('int_segment_definitions') }}
    where effective_status in ('active', 'not_computable')

),

-- On as_of_date, and on the last evaluated day before it with members.
sizes as (

    select
        segment_key,
        max(customer_count) filter (where as_of_date = {{ as_of_date() }}) as customer_count,
        max(as_of_date) filter (where as_of_date < {{ as_of_date() }} and customer_count > 0) as previous_date,
        max_by(customer_count, as_of_date) filter (
            where as_of_date < {{ as_of_date() }} and customer_count > 0
        ) as previous_count

    from {{ ref('segment_sizes') }}
    group by segment_key

),

approved as (

    select
        segment_key,
        max(count_low) as approved_count_low,
        min(count_high) as approved_count_high

    from {{ ref('int_segment_approvals') }}
    group by segment_key

),

all_customers as (

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
        sizes.previous_date,
        sizes.previous_count,
        approved.approved_count_low,
        approved.approved_count_high,
        all_customers.known_count,
        definitions.effective_status = 'active' as is_computable,
        definitions.is_suppression,
        case
            when definitions.is_suppression then false
            when {{ has_item('definitions.tags', 'service') }} then false
            when {{ has_item('definitions.tags', 'service_recovery') }} then false
            else true
        end as is_selling

    from definitions
    cross join all_customers
    left join sizes
        on definitions.segment_key = sizes.segment_key
    left join approved
        on definitions.segment_key = approved.segment_key

)

select * from joined
