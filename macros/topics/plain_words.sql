{# A text ready for keyword matching: lower-case letters and digits, one space between words and at both ends.
   n't becomes nt, other punctuation a space. #}
{% macro plain_words(text) -%}
    concat_ws('', ' ', trim({{ regexp_replace_all(
        "replace(replace(lower(" ~ text ~ "), '’', " ~ text_literal("'") ~ "), " ~ text_literal("n't") ~ ", 'nt')",
        '[^0-9a-zß-ӿ]+', ' '
    ) }}), ' ')
{%- endmacro %}

{# Words that negate the next one, with the words allowed in between: ' not so good ' becomes ' not~good '. #}
{% macro negation_pattern() -%}
    {%- set negators -%}
        not|no|never|without|cannot|cant|isnt|wasnt|arent|werent|dont|doesnt|didnt|couldnt|wont|wouldnt|shouldnt|hasnt|havent|hadnt|nicht|kein|keine|pas
    {%- endset -%}
     ({{ negators | trim }}) ((very|so|really|that|too|a|an|the|any|at|all|as|be|been|quite|even|much|sehr|très) )*
{%- endmacro %}
