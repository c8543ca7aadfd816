{# One source's accounts in the shared shape, one row per version of those that changed. #}
{% macro account_versions(
    source_system, source_name, table_name, id_column, email='null', phone='null', loyalty_number='null',
    customer_number='null', shop_customer_id='null'
) -%}
    select
        concat('{{ source_system }}:', {{ id_column }}) as profile_key,
        {{ normalise_email('cast(' ~ email ~ ' as ' ~ dbt.type_string() ~ ')') }} as email,
        {{ normalise_phone('cast(' ~ phone ~ ' as ' ~ dbt.type_string() ~ ')') }} as phone,
        {{ normalise_number('cast(' ~ loyalty_number ~ ' as ' ~ dbt.type_string() ~ ')') }} as loyalty_number,
        {{ normalise_number('cast(' ~ customer_number ~ ' as ' ~ dbt.type_string() ~ ')') }} as customer_number,
        {{ normalise_number('cast(' ~ shop_customer_id ~ ' as ' ~ dbt.type_string() ~ ')') }} as shop_customer_id,
        known_at
    from (
        {{ versions_of_changed_records(source_name, table_name) }}
    ) as versions
    where {{ id_column }} is not null
{%- endmacro %}
