-- Grain: one row per fault of the segment seeds. An error stops memberships, a warning is about an inactive segment.
with faults as (

    select * from {{ ref('int_segment_condition_faults') }}
    union all
    select * from {{ ref('int_segment_value_faults') }}
    union all
    select * from {{ ref('int_segment_definition_faults') }}
    union all
    select * from {{ ref('int_segment_naming_faults') }}
    union all
    select * from {{ ref('int_segment_lifecycle_faults') }}

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
            when faults.is_structural or coalesce(statuses.is_active, 1) = 1 then 'error'
            else 'warning'
        end as severity

    from faults
    left join statuses
        on faults.segment_key = statuses.segment_key

)

select * from graded
