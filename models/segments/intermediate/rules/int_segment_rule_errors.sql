-- Grain: one row per fault of the segment seeds. An error stops memberships; a warning is about an inactive segment, or
-- a row that changes nothing.
{%- set columns = ['seed_name', 'segment_key', 'row_text', 'is_structural', 'reason', 'suggestion'] | join(', ') %}
with faults as (

    {% for model in [
        'condition', 'attribute', 'item', 'value', 'reference', 'definition', 'priority', 'share', 'naming', 'lifecycle'
    ] -%}
    select {{ columns }}, false as is_note from {{ ref('int_segment_' ~ model ~ '_faults') }}
    union all
    {% endfor -%}
    select {{ columns }}, false as is_note from {{ ref('int_segment_contradictions') }}
    union all
    select {{ columns }}, is_note from {{ ref('int_segment_alternative_faults') }}
    union all
    select {{ columns }}, is_note from {{ ref('int_segment_everybody_faults') }}

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
        faults.seed_name,
        faults.segment_key,
        faults.row_text,
        faults.reason,
        faults.suggestion,
        case
            when faults.is_note then 'warning'
            when faults.is_structural or coalesce(statuses.is_active, 1) = 1 then 'error'
            else 'warning'
        end as severity

    from faults
    left join statuses
        on faults.segment_key = statuses.segment_key

)

select * from graded
