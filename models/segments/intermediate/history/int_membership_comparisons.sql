-- Grain: one row per segment and day whose changes this run writes: as_of_date and the next day on which the segment
-- was evaluated, each with the day that it is compared with. Days on which it could not be computed are skipped.
with evaluations as (

    select * from {{ ref('segment_evaluations') }}

),

days as (

    select as_of_date from evaluations
    where segment_key is null

),

segments as (

    select distinct segment_key from evaluations
    where segment_key is not null

),

states as (

    select
        segments.segment_key,
        days.as_of_date,
        coalesce(evaluations.status, 'removed') as status,
        evaluations.rule_version,
        evaluations.rule_fingerprint,
        evaluations.expires_on

    from segments
    cross join days
    left join evaluations
        on
            segments.segment_key = evaluations.segment_key
            and days.as_of_date = evaluations.as_of_date

),

neighbours as (

    select
        segment_key,
        max(case when as_of_date < {{ as_of_date() }} then as_of_date end) as earlier_date,
        max(case when as_of_date = {{ as_of_date() }} then as_of_date end) as this_date,
        min(case when as_of_date > {{ as_of_date() }} then as_of_date end) as later_date

    from states
    where status <> 'not_computable'
    group by segment_key

),

compared as (

    select
        segment_key,
        this_date as as_of_date,
        earlier_date as previous_as_of_date

    from neighbours
    where this_date is not null

    union all

    select
        segment_key,
        later_date as as_of_date,
        coalesce(this_date, earlier_date) as previous_as_of_date

    from neighbours
    where later_date is not null

),

first_day as (

    select min(as_of_date) as as_of_date from days

),

described as (

    select
        compared.as_of_date,
        compared.segment_key,
        compared.previous_as_of_date,
        states.status,
        states.rule_version,
        states.rule_fingerprint,
        states.expires_on,
        earlier.status as previous_status,
        earlier.rule_version as previous_rule_version,
        earlier.rule_fingerprint as previous_rule_fingerprint,
        compared.as_of_date = first_day.as_of_date as is_first_day

    from compared
    cross join first_day
    inner join states
        on
            compared.segment_key = states.segment_key
            and compared.as_of_date = states.as_of_date
    left join states as earlier
        on
            compared.segment_key = earlier.segment_key
            and compared.previous_as_of_date = earlier.as_of_date

)

select * from described
