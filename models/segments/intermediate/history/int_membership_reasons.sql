-- Grain: one row per change that conditions explain: the flipped conditions that decided it, in words.
with alternatives as (

    select
        *,
        bool_and(is_met) over (partition by as_of_date, customer_id, segment_key, kind, alternative) as holds,
        bool_and(was_met) over (partition by as_of_date, customer_id, segment_key, kind, alternative) as held

    from {{ ref('int_membership_traces') }}

),

evaluated as (

    select
        *,
        bool_or(kind = 'include' and holds) over (partition by as_of_date, customer_id, segment_key) as include_holds,
        bool_or(kind = 'include' and held) over (partition by as_of_date, customer_id, segment_key) as include_held

    from alternatives

),

attributes as (

    select * from {{ ref('attribute_catalogue') }}

),

-- For an entry: what made an alternative hold where none did, and what ended an exclusion; for an exit, the reverse.
flips as (

    select
        evaluated.as_of_date,
        evaluated.customer_id,
        evaluated.segment_key,
        evaluated.is_new_customer,
        evaluated.condition_number,
        {{ flipped_condition_text() }} as flip_text,
        evaluated.change = 'left' and evaluated.kind = 'exclude' and (
            coalesce(attributes.theme in ('consent', 'service'), false)
            or evaluated.attribute in ('segment:suppression', 'segment:service_recovery')
        ) and evaluated.include_holds as is_suppression

    from evaluated
    left join attributes
        on evaluated.attribute = attributes.attribute_name
    where
        evaluated.is_met <> evaluated.was_met
        and case
            when evaluated.kind = 'scope' then not evaluated.is_new_customer
            when evaluated.kind = 'include' and evaluated.change = 'entered'
                then evaluated.holds and not evaluated.include_held
            when evaluated.kind = 'include' then evaluated.held and not evaluated.include_holds
            when evaluated.change = 'entered' then evaluated.held and not evaluated.holds
            else evaluated.holds and not evaluated.held
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
        concat_ws(
            '',
            case when is_suppression then 'suppressed: ' when is_new_customer then 'first profiled: ' else '' end,
            flips_text
        ) as reason

    from listed

)

select * from reasons
