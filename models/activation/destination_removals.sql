-- Grain: one row per destination and address of an erased person, hashed as that destination requires.
with removals as (

    {{ rows_or_none('erasures', 'erasure_removals') }}

)

select * from removals
