{# The key by which people are distinguished by name, as the seed identifier_limits sets it for a type of identifier
   (told_apart_by): the first letters of the first name, or both names. Null where the name is not given in full, or
   is not used. #}
{% macro name_key(told_apart_by, profile) -%}
    case {{ told_apart_by }}
        when 'nothing' then null
        when 'first_name' then 'first ' || {{ profile }}.first_name_key
        else 'full ' || {{ profile }}.first_name_key || ' ' || {{ profile }}.last_name_key
    end
{%- endmacro %}

{# All forms of a name as a list. Two profiles that share a form may be one person, since names are shortened, swapped
   and mistyped. Besides name_key these are both names in alphabetical order and, where the first name alone
   distinguishes people, the first name with at most one letter left out at any position, so that one mistyped letter
   still leaves a shared form. Only for names of 5 to 12 letters: shorter ones are too similar to each other. #}
{% macro name_forms(told_apart_by, profile) -%}
    {{ return(adapter.dispatch('name_forms', 'customer_segmentation')(told_apart_by, profile ~ '.first_letters', profile ~ '.last_name_key', name_key(told_apart_by, profile))) }}
{%- endmacro %}

{% macro default__name_forms(told_apart_by, given, family, key) -%}
    case when {{ key }} is not null then list_concat(
        [{{ key }}],
        case
            when {{ given }} is not null and {{ family }} is not null
                then ['both ' || least({{ given }}, {{ family }}) || ' ' || greatest({{ given }}, {{ family }})]
        end,
        case
            when {{ told_apart_by }} = 'first_name' and length({{ given }}) between 5 and 12
                then [
                    'but one ' || substr({{ given }}, 1, place - 1) || substr({{ given }}, place + 1)
                    for place in range(1, length({{ given }}) + 2)
                ]
        end
    ) end
{%- endmacro %}

{% macro spark__name_forms(told_apart_by, given, family, key) -%}
    case when {{ key }} is not null then concat(
        array({{ key }}),
        case
            when {{ given }} is not null and {{ family }} is not null
                then array('both ' || least({{ given }}, {{ family }}) || ' ' || greatest({{ given }}, {{ family }}))
            else array()
        end,
        case
            when {{ told_apart_by }} = 'first_name' and length({{ given }}) between 5 and 12
                then transform(
                    sequence(1, length({{ given }}) + 1),
                    place -> 'but one ' || substr({{ given }}, 1, place - 1) || substr({{ given }}, place + 1)
                )
            else array()
        end
    ) end
{%- endmacro %}

{# One row per item of a list, for use in a select list. #}
{% macro list_to_rows(items) -%}
    {{ return(adapter.dispatch('list_to_rows', 'customer_segmentation')(items)) }}
{%- endmacro %}

{% macro default__list_to_rows(items) -%}
    {{ return('unnest(' ~ items ~ ')') }}
{%- endmacro %}

{% macro spark__list_to_rows(items) -%}
    {{ return('explode(' ~ items ~ ')') }}
{%- endmacro %}
