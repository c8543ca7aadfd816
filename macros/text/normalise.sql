{# An e-mail address in lower case without white space; null when it has not the form of one. #}
{% macro normalise_email(column) -%}
    nullif({{ regexp_keep("lower(trim(" ~ column ~ "))", '^[^@ ,;<>"]+@[^@ ,;<>"]+[.][^@ ,;<>".]+$') }}, '')
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

{# A phone number as E.164 with +; a national number takes the calling code of the default country. Null when it
   has fewer than 8 or more than 15 digits. #}
{% macro normalise_phone(column) -%}
    {%- set digits = regexp_replace_all("trim(" ~ column ~ ")", '[^0-9+]') -%}
    {%- set national = regexp_replace_all(digits, '^0', '') -%}
    case
        when {{ regexp_keep(digits, '^[+][1-9][0-9]{7,14}$') }} <> '' then {{ digits }}
        when {{ regexp_keep(digits, '^00[1-9][0-9]{7,14}$') }} <> '' then concat('+', substr({{ digits }}, 3))
        when {{ regexp_keep(digits, '^0[1-9][0-9]{6,12}$') }} <> ''
            then concat('+{{ default_calling_code() }}', {{ national }})
    end
{%- endmacro %}

{# Calling code of the country that phone numbers without one belong to. #}
{% macro default_calling_code() -%}
    {{ return({'GB': '44', 'IE': '353', 'DE': '49', 'FR': '33', 'NL': '31', 'ES': '34', 'IT': '39', 'US': '1'}[run_setting('default_country', 'GB')]) }}
{%- endmacro %}

{# A keyed hash: the same value gives the same text, and nobody without the key can tell from which value.
   The key is the environment variable SEGMENTATION_HASH_KEY; its default is for demo data only. #}
{% macro keyed_hash(expression) -%}
    {{ return(adapter.dispatch('keyed_hash', 'customer_segmentation')(expression)) }}
{%- endmacro %}

{% macro default__keyed_hash(expression) -%}
    substr(sha256(concat('{{ dbt.escape_single_quotes(env_var("SEGMENTATION_HASH_KEY", "demo")) }}', '|', {{ expression }})), 1, 32)
{%- endmacro %}

{% macro spark__keyed_hash(expression) -%}
    substr(sha2(concat('{{ dbt.escape_single_quotes(env_var("SEGMENTATION_HASH_KEY", "demo")) }}', '|', {{ expression }}), 256), 1, 32)
{%- endmacro %}
