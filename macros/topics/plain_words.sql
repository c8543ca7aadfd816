{# A text in the form in which keywords are looked for: lower-case letters and figures, one space between words and
   around the whole. n't becomes nt, other punctuation a space. #}
{% macro plain_words(text) -%}
    concat(' ', trim({{ regexp_replace_all(
        "replace(replace(lower(" ~ text ~ "), '’', " ~ text_literal("'") ~ "), " ~ text_literal("n't") ~ ", 'nt')",
        '[^0-9a-zß-ӿ]+', ' '
    ) }}), ' ')
{%- endmacro %}

{# Words that turn the next one into its opposite, with what may stand between: ' not so good ' reads ' not~good '. #}
{% macro negation_pattern() -%}
    {%- set negators -%}
        not|no|never|without|cannot|cant|isnt|wasnt|arent|werent|dont|doesnt|didnt|couldnt|wont|wouldnt|shouldnt|hasnt|havent|hadnt|nicht|kein|keine|pas
    {%- endset -%}
     ({{ negators | trim }}) ((very|so|really|that|too|a|an|the|any|at|all|as|be|been|quite|even|much|sehr|très) )*
{%- endmacro %}
