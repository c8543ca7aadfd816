-- Grain: one row per finding about a segment, a pair of segments, or a list kept outside.
with pairs as (

    select
        'segment' as subject_kind,
        segment_key,
        finding,
        other_segment_key,
        measure,
        evidence,
        suggestion

    from {{ ref('int_segment_inventory_of_pairs') }}

),

segments as (

    select
        'segment' as subject_kind,
        segment_key,
        finding,
        cast(null as {{ dbt.type_string() }}) as other_segment_key,
        cast(measure as double) as measure,
        evidence,
        suggestion

    from {{ ref('int_segment_inventory_of_segments') }}

),

lists as (

    select
        'external_list' as subject_kind,
        segment_key,
        finding,
        other_segment_key,
        measure,
        evidence,
        suggestion

    from {{ ref('int_segment_inventory_of_lists') }}

),

unioned as (

    select * from pairs
    union all
    select * from segments
    union all
    select * from lists

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        cast(subject_kind as {{ dbt.type_string() }}) as subject_kind,
        cast(segment_key as {{ dbt.type_string() }}) as segment_key,
        cast(finding as {{ dbt.type_string() }}) as finding,
        cast(other_segment_key as {{ dbt.type_string() }}) as other_segment_key,
        cast(measure as double) as measure,
        case
            when finding in ('same_members', 'near_duplicate') then 'customers in both of those in either'
            when finding in ('exact_duplicate_rule', 'subset', 'superset', 'no_match')
                then 'share of the smaller one'
            when finding = 'empty' then 'evaluated days'
            when measure is not null then 'days'
        end as measure_unit,
        cast(evidence as {{ dbt.type_string() }}) as evidence,
        cast(suggestion as {{ dbt.type_string() }}) as suggestion

    from unioned

)

select * from final
