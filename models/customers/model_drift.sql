-- Grain: one row per fitted model and input, or score: how far its distribution has shifted since the fit.
with reference as (

    select shares.*
    from {{ ref('model_reference_shares') }} as shares
    inner join {{ ref('int_model_status') }} as models
        on shares.model_key = models.model_key
            and shares.fit_id = models.fit_id

),

current_values as (

    select * from {{ ref('int_model_values') }}

),

totals as (

    select
        model_key,
        input_name,
        count(*) as customer_count

    from current_values
    group by model_key, input_name

),

counted as (

    select
        reference.model_key,
        reference.input_name,
        reference.bin_number,
        count(current_values.customer_id) as customer_count

    from reference
    inner join current_values
        on reference.model_key = current_values.model_key
            and reference.input_name = current_values.input_name
            and (
                (reference.bin_number = 0 and current_values.input_value is null)
                or (
                    reference.bin_number > 0
                    and (reference.bin_low is null or reference.bin_low < current_values.input_value)
                    and (reference.bin_high is null or reference.bin_high >= current_values.input_value)
                )
            )
    group by reference.model_key, reference.input_name, reference.bin_number

),

-- An empty bin counts as 0.0005, as its logarithm would be infinite.
compared as (

    select
        reference.model_key,
        reference.fit_id,
        reference.input_name,
        totals.customer_count,
        greatest(reference.share, 0.0005) as reference_share,
        greatest(cast(coalesce(counted.customer_count, 0) as double) / totals.customer_count, 0.0005) as current_share

    from reference
    inner join totals
        on reference.model_key = totals.model_key
            and reference.input_name = totals.input_name
    left join counted
        on reference.model_key = counted.model_key
            and reference.input_name = counted.input_name
            and reference.bin_number = counted.bin_number

),

indexed as (

    select
        model_key,
        fit_id,
        input_name,
        max(customer_count) as customer_count,
        sum((current_share - reference_share) * ln(current_share / reference_share)) as stability_index

    from compared
    group by model_key, fit_id, input_name

),

final as (

    select
        model_key,
        {{ as_of_date() }} as as_of_date,
        fit_id,
        input_name,
        cast(customer_count as bigint) as customer_count,
        stability_index,
        case
            when customer_count < {{ var('model_drift_customers') }} then 'too_few'
            when stability_index > {{ var('model_drift_red') }} then 'red'
            when stability_index > {{ var('model_drift_yellow') }} then 'yellow'
            else 'green'
        end as status

    from indexed

)

select * from final
