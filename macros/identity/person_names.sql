{# The key by which people are distinguished by name, as the seed identifier_limits sets it for a type of identifier
   (told_apart_by): the first name, or both names. Null where the name is not given in full, or is not used. #}
{% macro name_key(told_apart_by, profile) -%}
    case
        when {{ told_apart_by }} = 'nothing' or length({{ profile }}.first_letters) < 2 then null
        when {{ told_apart_by }} = 'first_name' then 'first ' || {{ profile }}.first_letters
        else 'full ' || {{ profile }}.first_letters || ' ' || {{ profile }}.last_name_key
    end
{%- endmacro %}

{# All forms of a name as a list. Two profiles that share a form may be one person, since names are shortened, swapped
   and mistyped; but where both end in ~, only in how their names begin, they are not: see shared_form. The forms are, for
   every name of the profile (first_names: as given, each of a double name, the one that a nickname stands for), the key;
   both names in alphabetical order; the first name with one letter left out, so that one mistyped letter still leaves a
   shared form; and, where the first name alone distinguishes people, what it may be shortened to. The last letter is never
   left out, since it distinguishes Mario from Maria; only names of 5 to 12 letters have such forms, as shorter ones are
   too similar to each other. Where a last name is needed too, the place of the letter must be the same. #}
{% macro name_forms(told_apart_by, profile) -%}
    {{ return(adapter.dispatch('name_forms', 'customer_segmentation')(
        told_apart_by, profile ~ '.first_letters', profile ~ '.first_names', profile ~ '.last_name_key',
        name_key(told_apart_by, profile)
    )) }}
{%- endmacro %}

{% macro default__name_forms(told_apart_by, given, names, family, key) -%}
    case when {{ key }} is not null then list_concat(
        [{{ key }}],
        [
            case when {{ told_apart_by }} = 'first_name' then 'first ' || name else 'full ' || name || ' ' || {{ family }} end
            for name in string_split({{ names }}, '|')
        ],
        case
            when {{ given }} is not null and {{ family }} is not null
                then ['both ' || least({{ given }}, {{ family }}) || ' ' || greatest({{ given }}, {{ family }})]
        end,
        case
            when length({{ given }}) between 5 and 12
                then [
                    case when {{ told_apart_by }} = 'first_name' then 'but one ' else 'but ' || place || ' ' || {{ family }} || ' ' end
                    || substr({{ given }}, 1, place - 1) || substr({{ given }}, place + 1)
                    for place in range(1, length({{ given }}))
                ]
        end,
        case
            when {{ told_apart_by }} = 'first_name' and length({{ given }}) between 5 and 12 then ['but one ' || {{ given }}]
        end,
        case
            when {{ told_apart_by }} = 'first_name'
                then ['first ' || substr({{ given }}, 1, size) || '~' for size in range(3, length({{ given }}) - 2)]
        end
    ) end
{%- endmacro %}

{% macro spark__name_forms(told_apart_by, given, names, family, key) -%}
    case when {{ key }} is not null then concat(
        array({{ key }}),
        transform(
            split({{ names }}, '[|]'),
            name -> case
                when {{ told_apart_by }} = 'first_name' then 'first ' || name else 'full ' || name || ' ' || {{ family }}
            end
        ),
        case
            when {{ given }} is not null and {{ family }} is not null
                then array('both ' || least({{ given }}, {{ family }}) || ' ' || greatest({{ given }}, {{ family }}))
            else array()
        end,
        case
            when length({{ given }}) between 5 and 12
                then transform(
                    sequence(1, length({{ given }}) - 1),
                    place ->
                        case
                            when {{ told_apart_by }} = 'first_name' then 'but one '
                            else 'but ' || cast(place as string) || ' ' || {{ family }} || ' '
                        end
                        || substr({{ given }}, 1, place - 1) || substr({{ given }}, place + 1)
                )
            else array()
        end,
        case
            when {{ told_apart_by }} = 'first_name' and length({{ given }}) between 5 and 12
                then array('but one ' || {{ given }})
            else array()
        end,
        case
            when {{ told_apart_by }} = 'first_name' and length({{ given }}) >= 6
                then transform(sequence(3, length({{ given }}) - 3), size -> 'first ' || substr({{ given }}, 1, size) || '~')
            else array()
        end
    ) end
{%- endmacro %}

{# A form as it is compared: without the mark of a name that was only shortened to it. #}
{% macro shared_form(form) -%}
    replace({{ form }}, '~', '')
{%- endmacro %}

{# A first name, or a whole name, without the titles before it. #}
{% macro without_title(name) -%}
    {{ regexp_replace_all(
        'lower(trim(' ~ name ~ '))', '^((mr|mrs|ms|miss|mx|dr|prof|professor|sir|dame|rev|herr|frau|mme|mlle|madame|monsieur)([. ]+|$))+'
    ) }}
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

{# A first name without its title, its first word and its second, each in plain letters, joined with |. #}
{% macro all_first_names(name) -%}
    {%- set words = regexp_replace_all(without_title(name), '[ .-]+', '|') -%}
    concat_ws(
        '|',
        nullif({{ plain_letters(without_title(name)) }}, ''),
        nullif({{ plain_letters("split_part(" ~ words ~ ", '|', 1)") }}, ''),
        nullif({{ plain_letters("split_part(" ~ words ~ ", '|', 2)") }}, '')
    )
{%- endmacro %}
