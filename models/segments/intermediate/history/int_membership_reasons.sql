-- Grain: one row per change that conditions explain: those that flipped and decided, in words.
with alternatives as (

    select
        *,
        bool_and(is_met) over (partition by as_of_date, customer_id, segment_key, kind, alternative) as holds,
        bool_and(was_met) over (partition by as_of_date, customer_id, segment_key, kind, alternative) as held

    from {{ ref('int_membership_traces') }}

),

verdicts as (

    select
        *,
        bool_or(kind = 'include' and holds) over (partition by as_of_date, customer_id, segment_key) as include_holds,
        bool_or(kind = 'include' and held) over (partition by as_of_date, customer_id, segment_key) as include_held

    from alternatives

),

attributes as (

    select * from {{ ref('attribute_catalogue') }}

),

-- Of an entry: what made an alternative hold where none did, and what ended an exclusion; of an exit the reverse.
flips as (

    select
        verdicts.as_of_date,
        verdicts.customer_id,
        verdicts.segment_key,
        verdicts.is_new_customer,
        verdicts.condition_number,
        {{ flipped_condition_text() }} as flip_text,
        verdicts.change = 'left' and verdicts.kind = 'exclude' and (
            coalesce(attributes.theme in ('consent', 'service'), false)
            or verdicts.attribute in ('segment:suppression', 'segment:service_recovery')
        ) and verdicts.include_holds as is_suppression

    from verdicts
    left join attributes
        on verdicts.attribute = attributes.attribute_name
    where
        verdicts.is_met <> verdicts.was_met
        and case
            when verdicts.kind = 'scope' then not verdicts.is_new_customer
            when verdicts.kind = 'include' and verdicts.change = 'entered'
                then verdicts.holds and not verdicts.include_held
            when verdicts.kind = 'include' then verdicts.held and not verdicts.include_holds
            when verdicts.change = 'entered' then verdicts.held and not verdicts.holds
            else verdicts.holds and not verdicts.held
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
