-- Grain: one row per landed file and column in which it differs from the contract, as its newest version does.
with drift as (

    {{ rows_or_none('intake', 'schema_drift') }}

),

renamed as (

    select
        source_name as source,
        table_name,
        path,
        column_name,
        drift

    from drift

)

select * from renamed
