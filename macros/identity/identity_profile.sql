{# One source's profiles in the shared shape. Only profiles with at least one identifier count: a profile that shows
   none says nothing of a person. `own_identifier` is for a source whose id alone stands for a person. #}
{% macro identity_profile(
    source_system, id_column, relation, first_seen_at, email='null', phone='null', loyalty_number='null',
    customer_number='null', shop_customer_id='null', condition='1 = 1', own_identifier=false
) -%}
    select
        concat('{{ source_system }}:', {{ id_column }}) as profile_key,
        '{{ source_system }}' as source_system,
        {{ id_column }} as source_profile_id,
        coalesce({{ first_seen_at }}, known_at) as first_seen_at,
        cast({{ email }} as {{ dbt.type_string() }}) as email,
        cast({{ phone }} as {{ dbt.type_string() }}) as phone,
        cast({{ loyalty_number }} as {{ dbt.type_string() }}) as loyalty_number,
        cast({{ customer_number }} as {{ dbt.type_string() }}) as customer_number,
        cast({{ shop_customer_id }} as {{ dbt.type_string() }}) as shop_customer_id
    from {{ relation }}
    where {{ condition }}
        and {{ id_column }} is not null
        -- What stands for an erased person is nobody's profile (scripts/erase).
        and {{ id_column }} not like 'erased-%'
    {%- if not own_identifier %}
        and coalesce({{ email }}, {{ phone }}, {{ loyalty_number }}, {{ customer_number }}, {{ shop_customer_id }})
        is not null
    {%- endif %}
{%- endmacro %}
