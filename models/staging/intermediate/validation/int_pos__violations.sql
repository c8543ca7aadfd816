-- Grain: one row per version of a record of the tills and rule that it breaks.
with parents as (

    {{ validated_versions('pos', ['receipt']) }}

),

children as (

    {{ validated_versions('pos', ['receipt_line', 'receipt_payment'], validated={'pos.receipt': 'parents'}) }}

)

select * from parents
union all
select * from children
