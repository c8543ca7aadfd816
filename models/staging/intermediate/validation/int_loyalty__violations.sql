-- Grain: one row per version of a record of the loyalty programme and rule that it breaks.
with parents as (

    {{ judged_versions('loyalty', ['member']) }}

),

children as (

    {{ judged_versions('loyalty', ['points_movement'], judged={'loyalty.member': 'parents'}) }}

)

select * from parents
union all
select * from children
