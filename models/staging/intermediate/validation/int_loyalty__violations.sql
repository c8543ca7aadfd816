-- Grain: one row per version of a record of the loyalty programme and rule that it breaks.
with parents as (

    {{ validated_versions('loyalty', ['member']) }}

),

children as (

    {{ validated_versions('loyalty', ['points_movement'], validated={'loyalty.member': 'parents'}) }}

)

select * from parents
union all
select * from children
