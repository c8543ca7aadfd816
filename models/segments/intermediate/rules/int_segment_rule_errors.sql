-- Grain: one row per violation in the segment seeds. An error stops memberships; a warning is about an inactive
-- segment, or a row that changes nothing.
with conditions as (

    select
        segment_key,
        row_text,
        is_structural,
        reason,
        suggestion,
        false as is_warning

    from {{ ref('int_segment_condition_violations') }}
    {% for model, is_warning in [
        ('attribute', 'false'), ('item', 'false'), ('reference', 'false'), ('alternative', 'is_warning'), ('tautology', 'is_warning')
    ] -%}
    union all
    select
        segment_key,
        row_text,
        false,
        reason,
        suggestion,
        {{ is_warning }}

    from {{ ref('int_segment_' ~ model ~ '_violations') }}
    {% endfor %}
),

definitions as (

    select
        segment_key,
        is_structural,
        reason,
        suggestion

    from {{ ref('int_segment_definition_violations') }}
    union all
    select
        segment_key,
        true,
        reason,
        suggestion

    from {{ ref('int_segment_priority_violations') }}

),

violations as (

    select
        'segment_rule_conditions' as seed_name,
        *

    from conditions
    union all
    select
        'segment_definitions',
        segment_key,
        coalesce(nullif(segment_key, ''), '(no key)'),
        is_structural,
        reason,
        suggestion,
        false
    from definitions
    union all
    select
        seed_name,
        split_part(row_text, ', ', 1),
        row_text,
        is_structural,
        reason,
        suggestion,
        is_warning
    from {{ ref('int_segment_cell_violations') }}

),

statuses as (

    select
        trim(segment_key) as segment_key,
        max(case when lower(trim(status)) = 'active' then 1 else 0 end) as is_active

    from {{ ref('segment_definitions') }}
    group by 1

),

graded as (

    select distinct
        violations.seed_name,
        violations.segment_key,
        violations.row_text,
        violations.reason,
        violations.suggestion,
        case
            when violations.is_warning then 'warning'
            when violations.is_structural or coalesce(statuses.is_active, 1) = 1 then 'error'
            else 'warning'
        end as severity,
        not violations.is_warning as is_faulty

    from violations
    left join statuses
        on violations.segment_key = statuses.segment_key

)

select * from graded
