-- Grain: one row per version of a record of marketplaces and rule that it breaks.
with parents as (

    {{ validated_versions('marketplace', ['order']) }}

),

children as (

    {{ validated_versions('marketplace', ['order_item'], validated={'marketplace.order': 'parents'}) }}

)

select * from parents
union all
select * from children
