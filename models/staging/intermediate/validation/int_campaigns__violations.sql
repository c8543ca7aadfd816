-- Grain: one row per version of a record of campaigns and rule that it breaks.
with parents as (

    {{ validated_versions('campaigns', ['campaign']) }}

),

children as (

    {{ validated_versions('campaigns', ['send'], validated={'campaigns.campaign': 'parents'}) }}

)

select * from parents
union all
select * from children
