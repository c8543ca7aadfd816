-- Grain: one row per field, source system and relation that carries it, and one per field of the golden record.
-- Counts only, never a value.
{{ config(materialized='view') }}

with of_sources as (

    select
        measures.field,
        measures.profile_system as source_system,
        measures.relation,
        sum(measures.row_count) as record_count,
        sum(measures.filled_count) as filled_count,
        sum(measures.valid_count) as valid_count,
        sum(agreement.entity_count) as entity_count,
        sum(agreement.distinct_count) as distinct_count,
        sum(agreement.compared_count) as compared_count,
        sum(agreement.agreed_count) as agreed_count,
        sum(agreement.recent_count) as recent_count,
        -- Each row of the map has a median; where several cover one place, they are averaged, weighted by people.
        sum(agreement.median_age_days * agreement.entity_count) / sum(agreement.entity_count) as median_age_days

    from {{ ref('int_source_map_measures') }} as measures
    left join {{ ref('int_source_map_agreement') }} as agreement
        on
            measures.field = agreement.field
            and measures.source = agreement.source
            and measures.relation = agreement.relation
            and measures.column_name = agreement.column_name
            and measures.filter_value = agreement.filter_value
            and measures.profile_system = agreement.profile_system
    where measures.profile_system <> ''
    group by measures.field, measures.profile_system, measures.relation

),

of_golden as (

    select
        field,
        'golden' as source_system,
        cast(null as {{ dbt.type_string() }}) as relation,
        record_count,
        filled_count,
        -- Implausible values never enter the golden record, so there is nothing to measure.
        cast(null as bigint) as valid_count,
        filled_count as entity_count,
        distinct_count,
        compared_count,
        agreed_count,
        recent_count,
        median_age_days

    from {{ ref('int_golden_record_measures') }}

),

unioned as (

    select * from of_sources
    union all
    select * from of_golden

)

select * from unioned
