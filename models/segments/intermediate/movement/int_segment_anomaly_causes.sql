-- Grain: one row per segment and unusual day: the likeliest cause, and in words what speaks for it. A cause is looked
-- for in a fixed order: what would explain anything comes before what only some customers show.
{%- set text = dbt.type_string() %}
with bands as (

    select * from {{ ref('int_segment_day_bands') }}
    where is_unusual

),

growth as (

    select * from {{ ref('segment_growth') }}

),

reasons as (

    select * from {{ ref('int_segment_change_reasons') }}

),

faults as (

    select * from {{ ref('int_segment_day_faults') }}

),

sided as (

    select
        *,
        case
            when unusual_measure = 'size' and score > 0 then 'entered'
            when unusual_measure = 'size' then 'left'
            else unusual_measure
        end as side

    from bands

),

joined as (

    select
        sided.as_of_date,
        sided.segment_key,
        sided.unusual_measure,
        sided.side,
        growth.previous_customer_count,
        growth.customer_count,
        growth.rule_version,
        case sided.unusual_measure
            when 'size' then growth.customer_count
            when 'entered' then growth.entered_count - growth.entered_by_initial_load_count
            else growth.left_count
        end as observed,
        {%- for name in ['expected', 'lowest', 'highest'] %}
        cast(round(case sided.unusual_measure
            when 'size' then sided.{{ name }}_size
            when 'entered' then sided.{{ name }}_entered
            else sided.{{ name }}_left
        end) as bigint) as {{ name }},
        {%- endfor %}
        coalesce(reasons.customer_count, 0) as changed_count,
        coalesce(reasons.suppression_count, 0) as suppression_count,
        reasons.main_reason,
        reasons.main_reason_count,
        faults.fault,
        faults.fault_text,
        -- Whoever enters or leaves by a new rule says so.
        growth.is_rule_changed or coalesce(2 * reasons.rule_change_count > reasons.customer_count, false)
            as is_by_rule,
        sided.score > 0 or sided.unusual_measure = 'size' as is_more_on_its_side

    from sided
    inner join growth
        on sided.as_of_date = growth.as_of_date and sided.segment_key = growth.segment_key
    left join reasons
        on
            sided.as_of_date = reasons.as_of_date
            and sided.segment_key = reasons.segment_key
            and sided.side = reasons.change
    left join faults
        on sided.as_of_date = faults.as_of_date and sided.segment_key = faults.segment_key

),

caused as (

    select
        *,
        case
            when is_by_rule then 'rule_change'
            when fault = 'outage' then 'source_outage'
            when fault = 'late' then 'late_data'
            when is_more_on_its_side and 2 * suppression_count > changed_count then 'suppression'
            else 'real_behaviour'
        end as cause,
        concat(
            case
                when unusual_measure = 'size'
                    then concat(
                            'it went from ', cast(previous_customer_count as {{ text }}), ' to ',
                            cast(observed as {{ text }})
                        )
                else concat(cast(observed as {{ text }}), ' ', side)
            end,
            ', expected ', cast(expected as {{ text }}), ' (', cast(lowest as {{ text }}), ' to ',
            cast(highest as {{ text }}), ')'
        ) as what_happened

    from joined

),

worded as (

    select
        as_of_date,
        segment_key,
        cause,
        concat(
            what_happened, '; ',
            case
                when cause = 'rule_change'
                    then concat('the rule changed that day, version ', cast(rule_version as {{ text }}))
                when cause in ('source_outage', 'late_data') then fault_text
                when cause = 'suppression'
                    then concat(
                            cast(suppression_count as {{ text }}), ' of ', cast(changed_count as {{ text }}),
                            ' who left were suppressed'
                        )
                when main_reason is null then concat('nobody ', side)
                else concat(
                        cast(main_reason_count as {{ text }}), ' of ', cast(changed_count as {{ text }}), ' who ', side,
                        ' did so by ', main_reason
                    )
            end
        ) as cause_evidence

    from caused

)

select * from worded
