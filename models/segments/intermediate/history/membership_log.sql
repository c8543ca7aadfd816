-- Grain: one row per evaluated day, customer and segment entered or left, and one without a customer that marks the day
-- as evaluated. State: evaluating a day rewrites that day and the next evaluated one, in whatever order days come.
{{ config_of_history() }}
{{ config(post_hook="{{ forget_old_history(this, ref('segment_evaluations')) }}") }}

with rewritten as (

    select
        changes.as_of_date,
        changes.customer_id,
        changes.segment_key,
        changes.change,
        changes.previous_as_of_date,
        changes.rule_version,
        case
            when changes.reason_kind <> 'condition' then changes.reason_kind
            else coalesce(reasons.reason_kind, 'unknown')
        end as reason_kind,
        coalesce(changes.reason, reasons.reason, 'no condition of the current rule explains it') as reason

    from {{ ref('int_membership_change_kinds') }} as changes
    left join {{ ref('int_membership_reasons') }} as reasons
        on
            changes.as_of_date = reasons.as_of_date
            and changes.customer_id = reasons.customer_id
            and changes.segment_key = reasons.segment_key

),

-- Read once a log exists.
comparisons as (  -- noqa: ST03

    select * from {{ ref('int_membership_comparisons') }}

),

{% if is_incremental() %}
-- A reason recorded while the values were still kept remains, where the change is the same.
recorded_reasons as (

    select * from {{ this }}
    where customer_id is not null and as_of_date >= {{ as_of_date() }}

),

-- Rows of later days, which are rewritten as a whole, for the segments that this run does not compare again.
untouched as (

    select
        log.as_of_date,
        log.customer_id,
        log.segment_key,
        log.change,
        log.previous_as_of_date,
        log.rule_version,
        log.reason_kind,
        log.reason

    from {{ this }} as log
    left join comparisons
        on
            log.as_of_date = comparisons.as_of_date
            and log.segment_key = comparisons.segment_key
    where
        log.as_of_date > {{ as_of_date() }}
        and log.as_of_date in (select compared.as_of_date from comparisons as compared)
        and comparisons.segment_key is null

),
{% endif %}
days as (

    {% if is_incremental() %}
    select
        rewritten.as_of_date,
        rewritten.customer_id,
        rewritten.segment_key,
        rewritten.change,
        rewritten.previous_as_of_date,
        rewritten.rule_version,
        coalesce(recorded_reasons.reason_kind, rewritten.reason_kind) as reason_kind,
        coalesce(recorded_reasons.reason, rewritten.reason) as reason

    from rewritten
    left join recorded_reasons
        on
            rewritten.reason_kind = 'unknown'
            and rewritten.as_of_date = recorded_reasons.as_of_date
            and rewritten.customer_id = recorded_reasons.customer_id
            and rewritten.segment_key = recorded_reasons.segment_key
            and rewritten.change = recorded_reasons.change
            and rewritten.previous_as_of_date = recorded_reasons.previous_as_of_date
            and rewritten.rule_version = recorded_reasons.rule_version

    union all

    select * from untouched
    {% else %}
    select * from rewritten
    {% endif %}
    union all

    select
        {{ as_of_date() }} as as_of_date,
        cast(null as {{ dbt.type_string() }}) as customer_id,
        cast(null as {{ dbt.type_string() }}) as segment_key,
        'evaluated' as change,
        cast(null as date) as previous_as_of_date,
        cast(null as integer) as rule_version,
        cast(null as {{ dbt.type_string() }}) as reason_kind,
        cast(null as {{ dbt.type_string() }}) as reason

)

select * from days
