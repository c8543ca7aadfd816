{# A text as a whole number of at most nine digits; null when it is not one. #}
{% macro whole_number(text) -%}
    cast(nullif({{ regexp_keep("trim(" ~ text ~ ")", '^[0-9]{1,9}$') }}, '') as integer)
{%- endmacro %}

{# A text as a decimal number; null when it is not one. #}
{% macro decimal_number(text) -%}
    cast(nullif({{ regexp_keep("trim(" ~ text ~ ")", '^[+-]?[0-9]{1,14}([.][0-9]{1,4})?$') }}, '') as decimal(18, 4))
{%- endmacro %}

{# Whether a list joined by | contains an item. #}
{% macro has_item(list, item) -%}
    instr(concat_ws('', '|', {{ list }}, '|'), '|{{ item }}|') > 0
{%- endmacro %}

{# The same for an item that is itself an expression. #}
{% macro has_item_of(list, item) -%}
    instr(concat_ws('', '|', {{ list }}, '|'), concat_ws('', '|', {{ item }}, '|')) > 0
{%- endmacro %}

{# Whether a text of the form 2026-06-30 is a calendar date. #}
{% macro is_calendar_day(text) -%}
    try_cast({{ text }} as date) is not null
{%- endmacro %}

{# A text of the form 2026-06-30 as a date; null when it is not one. #}
{% macro calendar_day(text) -%}
    try_cast(nullif({{ regexp_keep("trim(" ~ text ~ ")", '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') }}, '') as date)
{%- endmacro %}

{# Of the names in a group, the nearest to another; of several, the shortest, then the first in the alphabet. #}
{% macro nearest_name(name, other) -%}
    min_by({{ other }}, (coalesce({{ name_distance(name, other) }}, 0), length({{ other }}), {{ other }})) filter (
        where {{ other }} is not null
    )
{%- endmacro %}

{# Distance between two names: edit distance, less 4 for the same number in both and 2 for the same first five letters.
   #}
{% macro name_distance(name, other) -%}
    (
        levenshtein({{ name }}, {{ other }})
        - case
            when
                regexp_extract({{ name }}, '[0-9]+', 0) <> ''
                and regexp_extract({{ name }}, '[0-9]+', 0) = regexp_extract({{ other }}, '[0-9]+', 0)
                then 4
            else 0
        end
        - case when substr({{ name }}, 1, 5) = substr({{ other }}, 1, 5) then 2 else 0 end
    )
{%- endmacro %}
