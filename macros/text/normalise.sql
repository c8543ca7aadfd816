{# An e-mail address in lower case without white space around it; null when it has not the form of one. #}
{% macro normalise_email(column) -%}
    nullif({{ regexp_keep(
        "lower(trim(" ~ column ~ "))", '^[^@ ,;<>()"]+@[^@ ,;<>()"]+[.][^@ ,;<>()".]+$'
    ) }}, '')
{%- endmacro %}

{# The text when the whole of it has the form of `pattern`, else ''. Patterns use [0-9], never \d. #}
{% macro regexp_keep(text, pattern) -%}
    regexp_extract({{ text }}, '{{ pattern }}', 0)
{%- endmacro %}

{# All of `pattern` in the text replaced. #}
{% macro regexp_replace_all(text, pattern, replacement='') -%}
    {{ return(adapter.dispatch('regexp_replace_all', 'customer_segmentation')(text, pattern, replacement)) }}
{%- endmacro %}

{% macro default__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{# A phone number as E.164, such as +447911123456. A number without a country code is read as one of the default
   country; what fits neither form, or holds letters, is null rather than a guess. #}
{% macro normalise_phone(column) -%}
    {%- set plan = numbering_plan() -%}
    {#- '(0)' is a British habit: the 0 is dialled only without the country code. -#}
    {%- set digits = regexp_replace_all("replace(" ~ column ~ ", '(0)', '')", '[ ()./-]') -%}
    case
        when {{ regexp_keep(digits, '^[+][1-9][0-9]{7,14}$') }} <> '' then {{ digits }}
        when {{ regexp_keep(digits, '^00[1-9][0-9]{7,14}$') }} <> '' then concat('+', substr({{ digits }}, 3))
        when {{ regexp_keep(digits, '^' ~ plan.trunk ~ plan.national ~ '$') }} <> ''
            then concat('+{{ plan.code }}', substr({{ digits }}, {{ plan.trunk | length + 1 }}))
    end
{%- endmacro %}

{# How the default country writes phone numbers: calling code, digits dialled before a national number but left out
   of E.164, and the form of the rest. #}
{% macro numbering_plan() -%}
    {%- set plans = {
        'AT': {'code': '43', 'trunk': '0', 'national': '[1-9][0-9]{6,11}'},
        'AU': {'code': '61', 'trunk': '0', 'national': '[1-9][0-9]{8}'},
        'BE': {'code': '32', 'trunk': '0', 'national': '[1-9][0-9]{7,8}'},
        'CA': {'code': '1', 'trunk': '', 'national': '[2-9][0-9]{9}'},
        'CH': {'code': '41', 'trunk': '0', 'national': '[1-9][0-9]{8}'},
        'DE': {'code': '49', 'trunk': '0', 'national': '[1-9][0-9]{6,11}'},
        'DK': {'code': '45', 'trunk': '', 'national': '[2-9][0-9]{7}'},
        'ES': {'code': '34', 'trunk': '', 'national': '[5-9][0-9]{8}'},
        'FI': {'code': '358', 'trunk': '0', 'national': '[1-9][0-9]{6,10}'},
        'FR': {'code': '33', 'trunk': '0', 'national': '[1-9][0-9]{8}'},
        'GB': {'code': '44', 'trunk': '0', 'national': '[1-9][0-9]{8,9}'},
        'IE': {'code': '353', 'trunk': '0', 'national': '[1-9][0-9]{6,8}'},
        'IT': {'code': '39', 'trunk': '', 'national': '(0[0-9]{5,10}|3[0-9]{8,9})'},
        'NL': {'code': '31', 'trunk': '0', 'national': '[1-9][0-9]{8}'},
        'NO': {'code': '47', 'trunk': '', 'national': '[2-9][0-9]{7}'},
        'NZ': {'code': '64', 'trunk': '0', 'national': '[1-9][0-9]{7,9}'},
        'PL': {'code': '48', 'trunk': '', 'national': '[1-9][0-9]{8}'},
        'PT': {'code': '351', 'trunk': '', 'national': '[2-9][0-9]{8}'},
        'SE': {'code': '46', 'trunk': '0', 'national': '[1-9][0-9]{6,8}'},
        'US': {'code': '1', 'trunk': '', 'national': '[2-9][0-9]{9}'}
    } -%}
    {%- set country = run_setting('default_country', 'GB') -%}
    {%- if country not in plans -%}
        {{ exceptions.raise_compiler_error(
            "default_country is '" ~ country ~ "'; give one of " ~ plans | join(', ')
            ~ ", or add its numbering plan to macros/text/normalise.sql"
        ) }}
    {%- endif -%}
    {{ return(plans[country]) }}
{%- endmacro %}

{# A keyed hash: the same value gives the same text, and nobody without the key can tell from which value. Null
   stays null. The key is the environment variable SEGMENTATION_HASH_KEY; its default is for demo data only. #}
{% macro keyed_hash(expression) -%}
    {{ return(adapter.dispatch('keyed_hash', 'customer_segmentation')(
        "'" ~ dbt.escape_single_quotes(env_var('SEGMENTATION_HASH_KEY', 'demo')) ~ "|' || cast(" ~ expression ~ " as " ~ dbt.type_string() ~ ")"
    )) }}
{%- endmacro %}

{% macro default__keyed_hash(keyed_text) -%}
    substr(sha256({{ keyed_text }}), 1, 32)
{%- endmacro %}

{% macro spark__keyed_hash(keyed_text) -%}
    substr(sha2({{ keyed_text }}, 256), 1, 32)
{%- endmacro %}
