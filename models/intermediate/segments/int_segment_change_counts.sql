-- Grain: one row per evaluated day and segment that somebody entered or left: how many, by kind of reason.
{%- set kinds = [
    ('entered', 'initial_load'), ('entered', 'condition'), ('entered', 'rule_change'),
    ('left', 'condition'), ('left', 'rule_change'), ('left', 'suppression')
] %}
with changes as (

    select * from {{ ref('membership_changes') }}

),

counted as (

    select
        as_of_date,
        segment_key,
        count(*) filter (where change = 'entered') as entered_count,
        count(*) filter (where change = 'left') as left_count,
        {%- for change, kind in kinds %}
        count(*) filter (where change = '{{ change }}' and reason_kind = '{{ kind }}') as {{ change }}_by_{{ kind }}_count
        {{- ',' if not loop.last }}
        {%- endfor %}

    from changes
    group by as_of_date, segment_key

)

select * from counted
