-- Grain: one row per customer field or metric and place that carries it: its precedence, and how good it is. Shares and
-- counts only, never a value.
with fields as (

    select
        coalesce(trim(field), '') as field,
        coalesce(trim(kind), '') as kind,
        coalesce(trim(source), '') as source,
        coalesce(trim(relation), '') as relation,
        coalesce(trim(column_name), '') as column_name,
        coalesce(trim(precedence), '') as precedence,
        coalesce(trim(profile_system), '') as profile_system,
        coalesce(trim(key_column), '') as key_column,
        coalesce(trim(filter_column), '') as filter_column,
        coalesce(trim(filter_value), '') as filter_value,
        coalesce(trim(validity), '') as validity,
        coalesce(trim(note), '') as note
    from {{ ref('source_map_fields') }}

),

measures as (

    select * from {{ ref('int_source_map_measures') }}

),

agreement as (

    select * from {{ ref('int_source_map_agreement') }}

),

joined as (

    select
        fields.field,
        fields.kind,
        fields.source,
        fields.relation,
        fields.column_name,

        cast({{ whole_number('fields.precedence') }} as bigint) as precedence,
        fields.precedence = '1' as is_source_of_truth,
        case
            when measures.row_count is null then 'off'
            when measures.row_count = 0 then 'empty'
            else 'measured'
        end as status,

        measures.row_count,
        measures.filled_count,
        cast(measures.filled_count as double) / nullif(measures.row_count, 0) as completeness,
        cast(measures.valid_count as double) / nullif(measures.filled_count, 0) as valid_share,
        -- The source of truth is not compared with itself, nor is what shares no key with it.
        case
            when fields.key_column <> '' and fields.precedence <> '1' and measures.row_count > 0
                then coalesce(agreement.compared_count, 0)
        end as compared_count,
        cast(agreement.agreed_count as double) / nullif(agreement.compared_count, 0) as agreement,

        measures.last_known_at,
        cast(floor(cast({{ seconds_between('measures.last_known_at', as_of_end()) }} as double) / 3600) as bigint)
            as age_hours,

        nullif(fields.profile_system, '') as profile_system,
        case
            when fields.filter_value <> '' then concat_ws('', fields.filter_column, ' = ', fields.filter_value)
            when fields.filter_column <> '' then concat_ws('', fields.filter_column, ' is missing')
        end as only_rows_with,
        nullif(fields.validity, '') as validity,
        nullif(fields.note, '') as note,
        {{ as_of_date() }} as as_of_date

    from fields
    left join measures
        on fields.field = measures.field
            and fields.relation = measures.relation
            and fields.column_name = measures.column_name
            and fields.filter_value = measures.filter_value
            and fields.profile_system = measures.profile_system
    left join agreement
        on fields.field = agreement.field
            and fields.relation = agreement.relation
            and fields.column_name = agreement.column_name
            and fields.filter_value = agreement.filter_value
            and fields.profile_system = agreement.profile_system

)

select * from joined
