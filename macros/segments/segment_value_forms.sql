{# Characters that a cell should not contain, by name: invisible ones that programs insert, and their curly quotes. #}
{% macro segment_invalid_characters() -%}
    {{ return({
        'a non-breaking space': '[\u00a0\u2007\u202f]',
        'an invisible character': '[\u00ad\u200b\u200c\u200d\u2060\ufeff\t\r\n]',
        'a curly quote': '[\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb]'
    }) }}
{%- endmacro %}

{# What to write instead of a text that is not a number. #}
{% macro segment_number_suggestion(item, unit) -%}
    {%- set share = "'^[+-]?[0-9]+([.,][0-9]+)? ?%$'" -%}
    case
        when regexp_extract({{ item }}, {{ share }}, 0) <> '' and {{ unit }} like 'share%'
            then concat_ws('', 'write the share, ', {{ number_text("cast(replace(replace(trim(" ~ item ~ "), '%', ''), ',', '.') as double) / 100", 6) }}, ' for ', {{ item }})
        when regexp_extract({{ item }}, {{ share }}, 0) <> ''
            then 'write the number without the percent sign'
        when regexp_extract({{ item }}, '^[1-9][0-9]{0,2}(,[0-9]{3})+([.][0-9]+)?$', 0) <> ''
            then concat_ws('', 'write ', replace({{ item }}, ',', ''), ', without thousands separators')
        when regexp_extract({{ item }}, '^[1-9][0-9]{0,2}( [0-9]{3})+$', 0) <> ''
            then concat_ws('', 'write ', replace({{ item }}, ' ', ''), ', without thousands separators')
        when regexp_extract({{ item }}, '^[0-9]{1,3}([.][0-9]{3})+,[0-9]+$', 0) <> ''
            then concat_ws('', 'write ', replace(replace({{ item }}, '.', ''), ',', '.'), ', with only a decimal point')
        when regexp_extract({{ item }}, '^[+-]?[0-9]+,[0-9]+$', 0) <> ''
            then concat_ws('', 'write ', replace({{ item }}, ',', '.'), ', with a decimal point')
        when regexp_extract(lower({{ item }}), '^p(ct|ercentile|erc)? ?:? ?([0-9]{1,2})( ?%|th|st|nd|rd)?$', 2) <> ''
            then concat_ws('', 'write pct:', regexp_extract(lower({{ item }}), '^p(ct|ercentile|erc)? ?:? ?([0-9]{1,2})( ?%|th|st|nd|rd)?$', 2))
        when lower({{ item }}) = 'median' then 'write pct:50'
        when lower({{ item }}) like 'pct%'
            then 'write pct: and a number from 0 to 100, such as pct:25 or pct:25 of a_segment'
        when regexp_extract({{ item }}, '^[^0-9+-]{1,4}[0-9.]+$', 0) <> '' then 'write only the number'
        else 'write a number such as 3 or 0.25, without thousands separators'
    end
{%- endmacro %}

{# What to write instead of a text that is not a date. #}
{% macro segment_day_suggestion(item) -%}
    {%- set day_first = "'^([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})$'" -%}
    {%- set year_first = "'^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})$'" -%}
    {%- set first_part = 'lpad(regexp_extract(' ~ item ~ ', ' ~ day_first ~ ", 1), 2, '0')" -%}
    {%- set second_part = 'lpad(regexp_extract(' ~ item ~ ', ' ~ day_first ~ ", 2), 2, '0')" -%}
    {%- set year = 'regexp_extract(' ~ item ~ ', ' ~ day_first ~ ', 3)' -%}
    case
        when regexp_extract({{ item }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', 0) <> '' then 'write a date that exists'
        when regexp_extract({{ item }}, {{ day_first }}, 0) <> '' and {{ first_part }} > '12' and {{ second_part }} <= '12'
            then concat_ws('', 'write ', {{ year }}, '-', {{ second_part }}, '-', {{ first_part }})
        when regexp_extract({{ item }}, {{ day_first }}, 0) <> '' and {{ second_part }} > '12' and {{ first_part }} <= '12'
            then concat_ws('', 'write ', {{ year }}, '-', {{ first_part }}, '-', {{ second_part }})
        when regexp_extract({{ item }}, {{ day_first }}, 0) <> ''
            then concat_ws(
                    '', 'write year, month and day: ', {{ year }}, '-', {{ second_part }}, '-', {{ first_part }},
                    ' or ', {{ year }}, '-', {{ first_part }}, '-', {{ second_part }}
                )
        when regexp_extract({{ item }}, {{ year_first }}, 0) <> ''
            then concat_ws(
                    '', 'write ', regexp_extract({{ item }}, {{ year_first }}, 1),
                    '-', lpad(regexp_extract({{ item }}, {{ year_first }}, 2), 2, '0'),
                    '-', lpad(regexp_extract({{ item }}, {{ year_first }}, 3), 2, '0')
                )
        when regexp_extract({{ item }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]', 0) <> ''
            then concat_ws('', 'write only the date, ', substr({{ item }}, 1, 10))
        when regexp_extract(lower({{ item }}), '^([0-9]{1,5}) days? (ago|before)$', 1) <> ''
            then concat_ws('', 'write -', regexp_extract(lower({{ item }}), '^([0-9]{1,5}) days? (ago|before)$', 1), 'd')
        when regexp_extract({{ item }}, '^-[0-9]{1,4}$', 0) <> '' then concat_ws('', 'write ', {{ item }}, 'd')
        when regexp_extract({{ item }}, '^[34][0-9]{4}$', 0) <> ''
            then 'a spreadsheet turned the date into a number: format the cell as text and write it as 2026-06-30'
        when lower({{ item }}) = 'today' then 'write 0d'
        when lower({{ item }}) = 'yesterday' then 'write -1d'
        else 'write a date such as 2026-06-30, or -30d'
    end
{%- endmacro %}
