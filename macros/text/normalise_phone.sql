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
        {%- for form, codes in (codes_by_form() if country else {}).items() %}
        when
            upper({{ country }}) in ('{{ codes | join("', '") }}')
            and {{ regexp_keep(digits, '^' ~ form[0] ~ form[1] ~ '$') }} <> ''
            then concat_ws(
                '', '+',
                case upper({{ country }}){% for name, code in codes.items() %} when '{{ name }}' then '{{ code }}'{% endfor %} end,
                substr({{ digits }}, {{ form[0] | length + 1 }})
            )
        {%- endfor %}
        when {{ regexp_keep(digits, '^' ~ plan.trunk ~ plan.national ~ '$') }} <> ''
            then concat_ws('', '+{{ plan.code }}', substr({{ digits }}, {{ plan.trunk | length + 1 }}))
        when {{ regexp_keep(digits, '^' ~ plan.code ~ plan.national ~ '$') }} <> '' then concat_ws('', '+', {{ digits }})
    end
{%- endmacro %}

{# The calling codes of countries by how they write national numbers: trunk prefix and pattern of the rest. #}
{% macro codes_by_form() -%}
    {%- set forms = {} -%}
    {%- for name, plan in numbering_plans().items() -%}
        {%- do forms.setdefault((plan.trunk, plan.national), {}).update({name: plan.code}) -%}
    {%- endfor -%}
    {{ return(forms) }}
{%- endmacro %}

{# How the default country writes phone numbers. #}
{% macro numbering_plan() -%}
    {%- set plans = numbering_plans() -%}
    {%- set country = run_setting('default_country', 'GB') -%}
    {%- if country not in plans -%}
        {{ exceptions.raise_compiler_error(
            "default_country is '" ~ country ~ "'; give one of " ~ plans | join(', ')
            ~ ", or add its numbering plan to macros/text/normalise_phone.sql"
        ) }}
    {%- endif -%}
    {{ return(plans[country]) }}
{%- endmacro %}

{# How countries write phone numbers: calling code, trunk prefix (dialled before a national number but left out of
   E.164), and the pattern of the rest. #}
{% macro numbering_plans() -%}
    {#- After a trunk 0 any number of usual length is accepted, as after a +; without one, length and first digits are
        all there is to recognise a number by. -#}
    {%- set usual = '[1-9][0-9]{6,11}' -%}
    {%- set plans = {
        'AT': {'code': '43', 'trunk': '0', 'national': usual},
        'AU': {'code': '61', 'trunk': '0', 'national': usual},
        'BE': {'code': '32', 'trunk': '0', 'national': usual},
        'CA': {'code': '1', 'trunk': '', 'national': '[2-9][0-9]{9}'},
        'CH': {'code': '41', 'trunk': '0', 'national': usual},
        'DE': {'code': '49', 'trunk': '0', 'national': usual},
        'DK': {'code': '45', 'trunk': '', 'national': '[2-9][0-9]{7}'},
        'ES': {'code': '34', 'trunk': '', 'national': '[5-9][0-9]{8}'},
        'FI': {'code': '358', 'trunk': '0', 'national': usual},
        'FR': {'code': '33', 'trunk': '0', 'national': usual},
        'GB': {'code': '44', 'trunk': '0', 'national': usual},
        'IE': {'code': '353', 'trunk': '0', 'national': usual},
        'IT': {'code': '39', 'trunk': '', 'national': '(0[0-9]{5,10}|3[0-9]{8,9})'},
        'NL': {'code': '31', 'trunk': '0', 'national': usual},
        'NO': {'code': '47', 'trunk': '', 'national': '[2-9][0-9]{7}'},
        'NZ': {'code': '64', 'trunk': '0', 'national': usual},
        'PL': {'code': '48', 'trunk': '', 'national': '[1-9][0-9]{8}'},
        'PT': {'code': '351', 'trunk': '', 'national': '[2-9][0-9]{8}'},
        'SE': {'code': '46', 'trunk': '0', 'national': usual},
        'US': {'code': '1', 'trunk': '', 'national': '[2-9][0-9]{9}'}
    } -%}
    {{ return(plans) }}
{%- endmacro %}
