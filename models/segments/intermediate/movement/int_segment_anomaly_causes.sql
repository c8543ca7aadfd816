-- Grain: one row per segment and unusual day: the most likely cause, and the evidence for it in words. Causes are tried
-- in a fixed order: those that can explain everything come before those that concern only some customers.
with bands as (

    select
        *,
        case
            when unusual_measure <> 'size' then unusual_measure
            when score > 0 then 'entered'
            else 'left'
        end as side

    from {{ ref('int_segment_day_bands') }}
    where is_unusual

),

growth as (

    select * from {{ ref('segment_growth') }}

),

reasons as (

    select * from {{ ref('int_segment_change_reasons') }}

),

joined as (

    select
        bands.as_of_date,
        bands.segment_key,
        bands.unusual_measure,
        bands.side,
        growth.previous_customer_count,
        growth.rule_version,
        case bands.unusual_measure
            when 'size' then growth.customer_count
            when 'entered' then growth.entered_count - growth.entered_by_initial_load_count
            else growth.left_count
        end as observed,
        {%- for name in ['expected', 'lowest', 'highest'] %}
        cast(round(case bands.unusual_measure
            when 'size' then bands.{{ name }}_size
            when 'entered' then bands.{{ name }}_entered
            else bands.{{ name }}_left
        end) as bigint) as {{ name }},
        {%- endfor %}
        coalesce(reasons.customer_count, 0) as changed_count,
        coalesce(reasons.suppression_count, 0) as suppression_count,
        reasons.main_reason,
        reasons.main_reason_count,
        incidents.incident,
        incidents.incident_text,
        -- A rule that changed, or changes mostly made by rule changes.
        growth.is_rule_changed or coalesce(2 * reasons.rule_change_count > reasons.customer_count, false)
            as is_rule_change,
        bands.score > 0 or bands.unusual_measure = 'size' as is_increase_on_side

    from bands
    inner join growth
        on bands.as_of_date = growth.as_of_date and bands.segment_key = growth.segment_key
    left join reasons
        on
            bands.as_of_date = reasons.as_of_date
            and bands.segment_key = reasons.segment_key
            and bands.side = reasons.change
    left join {{ ref('int_segment_data_incidents') }} as incidents
        on bands.as_of_date = incidents.as_of_date and bands.segment_key = incidents.segment_key

),

caused as (

    select
        *,
        case
            when is_rule_change then 'rule_change'
            when incident = 'outage' then 'source_outage'
            when incident = 'late' then 'late_data'
            when is_increase_on_side and 2 * suppression_count > changed_count then 'suppression'
            else 'real_behaviour'
        end as cause

    from joined

),

worded as (

    select
        as_of_date,
        segment_key,
        cause,
        concat_ws(
            '',
            case
                when unusual_measure = 'size'
                    then concat_ws('', 'size went from ', previous_customer_count, ' to ', observed)
                else concat_ws('', observed, ' ', side)
            end,
            ', expected ', expected, ' (', lowest, ' to ', highest, '); ',
            case
                when cause = 'rule_change' then concat_ws('', 'the rule changed that day, to version ', rule_version)
                when cause in ('source_outage', 'late_data') then incident_text
                when cause = 'suppression'
                    then concat_ws('', suppression_count, ' of ', changed_count, ' who left were suppressed')
                when main_reason is null then concat_ws('', 'no customer ', side)
                else concat_ws(
                        '', 'main reason (', main_reason_count, ' of ', changed_count, ' who ', side, '): ', main_reason
                    )
            end
        ) as cause_evidence

    from caused

)

select * from worded
