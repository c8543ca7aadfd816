{# A phone number as E.164, such as +447911123456. A number without a country code is assumed to be of the
   default country; anything that fits neither form, or contains letters, is null rather than a guess. #}
{% macro normalise_phone(column) -%}
    {%- set plan = numbering_plan() -%}
    {#- '(0)' is a British convention: the 0 is dialled only without the country code. -#}
    {%- set digits = regexp_replace_all("replace(" ~ column ~ ", '(0)', '')", '[ ()./-]') -%}
    case
        when {{ regexp_keep(digits, '^[+][1-9][0-9]{7,14}$') }} <> '' then {{ digits }}
        when {{ regexp_keep(digits, '^00[1-9][0-9]{7,14}$') }} <> '' then concat_ws('', '+', substr({{ digits }}, 3))
        when {{ regexp_keep(digits, '^' ~ plan.trunk ~ plan.national ~ '$') }} <> ''
            then concat_ws('', '+{{ plan.code }}', substr({{ digits }}, {{ plan.trunk | length + 1 }}))
        {%- if plan.bare %}
        when {{ regexp_keep(digits, '^' ~ plan.bare ~ '$') }} <> '' then concat_ws('', '+{{ plan.code }}', {{ digits }})
        {%- endif %}
    end
{%- endmacro %}
