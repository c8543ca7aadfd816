-- Grain: one row per segment, kind, alternative and different condition of its rule, spelled alike.
with conditions as (

    select * from {{ ref('segment_rules') }}

),

parts as (

    select distinct
        segment_key,
        kind,
        alternative,
        concat(
            attribute, ' ', operator, ' ',
            -- 3 and 3.0 are the same number.
            coalesce(cast(try_cast(trim(value) as double) as {{ dbt.type_string() }}), trim(value), ''), ' ',
            coalesce(if_missing, '')
        ) as condition_part

    from conditions

)

select * from parts
