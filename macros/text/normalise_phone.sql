{# A phone number as E.164, such as +447911123456. A number without a country code is one of the profile's own country,
   where `country` names a column with it, else of the default country; anything that fits neither, or contains letters,
   is null rather than a guess. The sign + may be missing before the default country's code. #}
{% macro normalise_phone(column, country=none) -%}
    {%- set plan = numbering_plan() -%}
    {#- '(0)' is a British convention: the 0 is dialled only without the country code. An apostrophe keeps a spreadsheet
        from reading a number as an amount. -#}
    {%- set plain = "replace(replace(replace(lower(" ~ clean_text(column) ~ "), '(0)', ''), 'tel:', ''), " ~ text_literal("'") ~ ", '')" -%}
    {%- set digits = regexp_replace_all(plain, '[ ()./"-]') -%}
    case
        when {{ regexp_keep(digits, '^[+][1-9][0-9]{7,14}$') }} <> '' then {{ digits }}
        when {{ regexp_keep(digits, '^00[1-9][0-9]{7,14}$') }} <> '' then concat_ws('', '+', substr({{ digits }}, 3))
        {%- for form in (['with_prefix', 'without_prefix'] if country else []) %}
        {%- set national = "regexp_extract(" ~ digits ~ ", " ~ numbering_plan_value(country, form) ~ ", 1)" %}
        when {{ national }} <> '' then concat_ws('', '+', {{ numbering_plan_value(country, 'code') }}, {{ national }})
        {%- endfor %}
        when {{ regexp_keep(digits, '^' ~ plan.trunk ~ plan.national ~ '$') }} <> ''
            then concat_ws('', '+{{ plan.code }}', substr({{ digits }}, {{ plan.trunk | length + 1 }}))
        {%- if plan.bare %}
        when {{ regexp_keep(digits, '^' ~ plan.bare ~ '$') }} <> '' then concat_ws('', '+{{ plan.code }}', {{ digits }})
        {%- endif %}
        when {{ regexp_keep(digits, '^' ~ plan.code ~ plan.national ~ '$') }} <> '' then concat_ws('', '+', {{ digits }})
    end
{%- endmacro %}
