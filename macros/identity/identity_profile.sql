{# One source's profiles in the shared shape, with what each shows now. Only profiles with at least one identifier
   count: a profile that shows none says nothing of a person. `own_identifier` is for a source whose id alone stands for
   a person. `full_name` is for a source that keeps a name as one text. #}
{% macro identity_profile(
    source_system, id_column, relation, first_seen_at, email='null', phone='null', loyalty_number='null',
    customer_number='null', shop_customer_id='null', first_name='null', last_name='null', full_name='null',
    condition='1 = 1', own_identifier=false
) -%}
    {%- if full_name != 'null' -%}
        {%- set first_name = "case when trim(" ~ full_name ~ ") like '% %' then split_part(trim(" ~ full_name ~ "), ' ', 1) end" -%}
        {%- set last_name = regexp_keep('trim(' ~ full_name ~ ')', '[^ ]+$') -%}
    {%- endif -%}
    {%- set text = dbt.type_string() -%}
    select
        concat('{{ source_system }}:', {{ id_column }}) as profile_key,
        '{{ source_system }}' as source_system,
        {{ id_column }} as source_profile_id,
        first_known_at,
        coalesce({{ first_seen_at }}, first_known_at) as first_seen_at,
        cast({{ email }} as {{ text }}) as email,
        cast({{ phone }} as {{ text }}) as phone,
        {{ normalise_number('cast(' ~ loyalty_number ~ ' as ' ~ text ~ ')') }} as loyalty_number,
        {{ normalise_number('cast(' ~ customer_number ~ ' as ' ~ text ~ ')') }} as customer_number,
        {{ normalise_number('cast(' ~ shop_customer_id ~ ' as ' ~ text ~ ')') }} as shop_customer_id,
        cast({{ first_name }} as {{ text }}) as first_name,
        cast({{ last_name }} as {{ text }}) as last_name
    from {{ relation }}
    where {{ condition }}
        and {{ id_column }} is not null
        -- What stands for an erased person is nobody's profile (scripts/erasure).
        and {{ id_column }} not like 'erased-%'
    {%- if not own_identifier %}
        and coalesce({{ email }}, {{ phone }}, {{ loyalty_number }}, {{ customer_number }}, {{ shop_customer_id }})
        is not null
    {%- endif %}
{%- endmacro %}
