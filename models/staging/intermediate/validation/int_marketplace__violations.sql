-- Grain: one row per version of a record of marketplaces and rule that it breaks.
with parents as (

    {{ judged_versions('marketplace', ['order']) }}

),

children as (

    {{ judged_versions('marketplace', ['order_item'], judged={'marketplace.order': 'parents'}) }}

)

select * from parents
union all
select * from children
