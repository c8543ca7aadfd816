-- Grain: one row per version of a record of the tills and rule that it breaks.
with parents as (

    {{ judged_versions('pos', ['receipt']) }}

),

children as (

    {{ judged_versions('pos', ['receipt_line', 'receipt_payment'], judged={'pos.receipt': 'parents'}) }}

)

select * from parents
union all
select * from children
