-- Grain: one row per kept day and customer: the attributes that rules read. The last `segment_values_days` evaluated
-- days are kept, so that changes can be explained; columns follow the rules.
{{ config_of_history() }}
{{ config(post_hook="{{ forget_older_days(this, var('segment_values_days')) }}") }}
{%- set names = segment_attributes_read(segment_rules_to_evaluate()) %}
with features as (

    {{ segment_features() }}

),

kept as (

    select
        features.as_of_date,
        features.customer_id,
        {%- for name in names if name != 'customer_type' %}
        features.{{ adapter.quote(name) }},
        {%- endfor %}
        features.customer_type

    from features

)

select * from kept
