{# One source's profiles in the shared shape, with the identifiers each carries. `repeats` is for a source with several
   rows per profile. #}
{% macro identity_profile(
    source_system, id_column, relation, first_seen_at, email='null', phone='null', loyalty_number='null',
    customer_number='null', shop_customer_id='null', first_name='null', last_name='null', condition='1 = 1', repeats=false,
    is_deleted='false', birth_date='null'
) -%}
    {%- set text = dbt.type_string() -%}
    select
        '{{ source_system }}' as source_system,
        {{ id_column }} as source_profile_id,
        {{ 'min(first_known_at)' if repeats else 'first_known_at' }} as first_known_at,
        {{ 'min(' ~ first_seen_at ~ ')' if repeats else first_seen_at }} as first_seen_at,
        cast({{ email }} as {{ text }}) as email,
        cast({{ phone }} as {{ text }}) as phone,
        cast({{ loyalty_number }} as {{ text }}) as loyalty_number,
        cast({{ customer_number }} as {{ text }}) as customer_number,
        cast({{ shop_customer_id }} as {{ text }}) as shop_customer_id,
        cast({{ first_name }} as {{ text }}) as first_name,
        cast({{ last_name }} as {{ text }}) as last_name,
        cast({{ birth_date }} as date) as birth_date,
        {{ is_deleted }} as is_deleted
    from {{ relation }}
    where {{ condition }}
    {%- if repeats %} group by {{ id_column }}{% endif %}
{%- endmacro %}
