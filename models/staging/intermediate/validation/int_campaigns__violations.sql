-- Grain: one row per version of a record of campaigns and rule that it breaks.
with parents as (

    {{ judged_versions('campaigns', ['campaign']) }}

),

children as (

    {{ judged_versions('campaigns', ['send'], judged={'campaigns.campaign': 'parents'}) }}

)

select * from parents
union all
select * from children
