{# A text as a person would read it: trimmed, letters composed with their accents, full-width characters as their ordinary
   ones, every kind of dash and blank as - and a space, and nothing invisible between them. #}
{% macro clean_text(column) -%}
    {%- set wide = [] -%}
    {%- set plain = [] -%}
    {%- for code in range(33, 127) if code not in (39, 92) -%}
        {%- do wide.append('%c' % (code + 65248)) -%}
        {%- do plain.append('%c' % code) -%}
    {%- endfor -%}
    {%- set dashes = '\u2010\u2011\u2012\u2013\u2014\u2212' -%}
    {%- set blanks = '\u00a0\u2002\u2003\u2007\u2009\u202f\u3000\t\n\r' -%}
    {#- Zero-width characters, marks of direction and the soft hyphen have no counterpart, so they are left out. -#}
    {%- set invisible = '\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2060\ufeff\u00ad' -%}
    {%- set found = wide | join ~ dashes ~ blanks ~ invisible -%}
    {%- set written = plain | join ~ '-' * dashes | length ~ ' ' * blanks | length -%}
    trim(translate({{ composed(column) }}, '{{ found }}', '{{ written }}'))
{%- endmacro %}

{# A text whose accents are part of their letters: é, not e and an accent. #}
{% macro composed(column) -%}
    {{ return(adapter.dispatch('composed', 'customer_segmentation')(column)) }}
{%- endmacro %}

{% macro default__composed(column) -%}
    nfc_normalize({{ column }})
{%- endmacro %}

{# Spark has no function for it, so the letters of European languages are written out. #}
{% macro spark__composed(column) -%}
    {%- set accents = {
        '\u0300': ('aeiouAEIOU', 'àèìòùÀÈÌÒÙ'), '\u0301': ('aeiouycnszAEIOUYCNSZ', 'áéíóúýćńśźÁÉÍÓÚÝĆŃŚŹ'),
        '\u0302': ('aeiouAEIOU', 'âêîôûÂÊÎÔÛ'), '\u0303': ('anoANO', 'ãñõÃÑÕ'),
        '\u0308': ('aeiouyAEIOU', 'äëïöüÿÄËÏÖÜ'), '\u030a': ('auAU', 'åůÅŮ'), '\u030b': ('ouOU', 'őűŐŰ'),
        '\u030c': ('cdenrstzCDENRSTZ', 'čďěňřšťžČĎĚŇŘŠŤŽ'), '\u0327': ('csCS', 'çşÇŞ'), '\u0328': ('aeAE', 'ąęĄĘ')
    } -%}
    {%- set expression = namespace(sql=column) -%}
    {%- for accent, letters in accents.items() -%}
        {%- for letter in letters[0] -%}
            {%- set expression.sql = "replace(" ~ expression.sql ~ ", '" ~ letter ~ accent ~ "', '" ~ letters[1][loop.index0] ~ "')" -%}
        {%- endfor -%}
    {%- endfor -%}
    case when {{ column }} rlike '[\u0300-\u036f]' then {{ expression.sql }} else {{ column }} end
{%- endmacro %}
