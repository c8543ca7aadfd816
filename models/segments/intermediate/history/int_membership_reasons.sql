-- Grain: one row per change that conditions explain: those that flipped and decided, in words.
with traces as (

    select
        *,
        concat(kind, ' ', coalesce(alternative, '')) as alternative_key

    from {{ ref('int_membership_traces') }}

),

attributes as (

    select * from {{ ref('attribute_catalogue') }}

),

alternatives as (

    select
        as_of_date,
        customer_id,
        segment_key,
        alternative_key,
        kind,
        bool_and(is_met) as holds,
        bool_and(was_met) as held

    from traces
    group by as_of_date, customer_id, segment_key, alternative_key, kind

),

verdicts as (

    select
        as_of_date,
        customer_id,
        segment_key,
        coalesce(bool_or(case when kind = 'include' then holds end), false) as include_holds,
        coalesce(bool_or(case when kind = 'include' then held end), false) as include_held

    from alternatives
    group by as_of_date, customer_id, segment_key

),

-- Of an entry: what made an alternative hold where none did, and what ended an exclusion; of an exit the reverse.
flips as (

    select
        traces.as_of_date,
        traces.customer_id,
        traces.segment_key,
        traces.change,
        traces.is_new_customer,
        traces.condition_number,
        {{ flipped_condition_text() }} as flip_text,
        traces.change = 'left' and traces.kind = 'exclude' and (
            coalesce(attributes.theme in ('consent', 'service'), false)
            or traces.attribute in ('segment:suppression', 'segment:service_recovery')
        ) and verdicts.include_holds as is_suppression

    from traces
    inner join alternatives
        on
            traces.as_of_date = alternatives.as_of_date
            and traces.customer_id = alternatives.customer_id
            and traces.segment_key = alternatives.segment_key
            and traces.alternative_key = alternatives.alternative_key
    inner join verdicts
        on
            traces.as_of_date = verdicts.as_of_date
            and traces.customer_id = verdicts.customer_id
            and traces.segment_key = verdicts.segment_key
    left join attributes
        on traces.attribute = attributes.attribute_name
    where
        traces.is_met <> traces.was_met
        and case
            when traces.kind = 'scope' then not traces.is_new_customer
            when traces.kind = 'include' and traces.change = 'entered'
                then alternatives.holds and not verdicts.include_held
            when traces.kind = 'include' then alternatives.held and not verdicts.include_holds
            when traces.change = 'entered' then alternatives.held and not alternatives.holds
            else alternatives.holds and not alternatives.held
        end

),

texts as (

    select
        as_of_date,
        customer_id,
        segment_key,
        flip_text,
        min(condition_number) as place,
        bool_or(is_new_customer) as is_new_customer,
        bool_or(is_suppression) as is_suppression

    from flips
    group by as_of_date, customer_id, segment_key, flip_text

),

listed as (

    select
        as_of_date,
        customer_id,
        segment_key,
        bool_or(is_new_customer) as is_new_customer,
        bool_or(is_suppression) as is_suppression,
        {{ ordered_text_list('flip_text', 'place', '; ') }} as flips_text

    from texts
    group by as_of_date, customer_id, segment_key

),

reasons as (

    select
        as_of_date,
        customer_id,
        segment_key,
        case when is_suppression then 'suppression' else 'condition' end as reason_kind,
        concat(
            case when is_suppression then 'suppressed: ' when is_new_customer then 'first profiled: ' else '' end,
            flips_text
        ) as reason

    from listed

)

select * from reasons
