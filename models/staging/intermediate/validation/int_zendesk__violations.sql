-- Grain: one row per version of a record of Zendesk and rule that it breaks.
with parents as (

    {{ validated_versions('zendesk', ['ticket']) }}

),

children as (

    {{ validated_versions('zendesk', ['ticket_field_history', 'ticket_tag'], validated={'zendesk.ticket': 'parents'}) }}

)

select * from parents
union all
select * from children
