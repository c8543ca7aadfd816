-- Grain: one row per fault of the seeds about customers: the row, what is wrong, and what to write.
{%- set faults = survivorship_faults(survivorship_rule_rows()) + customer_type_faults(customer_type_rule_rows()) %}
with faults as (
    {{ literal_rows({
        'seed_name': dbt.type_string(),
        'row_text': dbt.type_string(),
        'reason': dbt.type_string(),
        'suggestion': dbt.type_string()
    }, faults) }}

)

select distinct * from faults
