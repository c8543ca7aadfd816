{# Signs that a cell should not hold, by what they are called: what programs put in unseen, and what they make of quotes. #}
{% macro segment_invalid_characters() -%}
    {{ return({
        'a non-breaking blank': '[\u00a0\u2007\u202f]',
        'an invisible sign': '[\u00ad\u200b\u200c\u200d\u2060\ufeff\t\r\n]',
        'a curly quote': '[\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb]'
    }) }}
{%- endmacro %}

{# What to write in place of a text that is no number. #}
{% macro segment_number_suggestion(item, unit) -%}
    {%- set share = "'^[+-]?[0-9]+([.,][0-9]+)? ?%$'" -%}
    case
        when regexp_extract({{ item }}, {{ share }}, 0) <> '' and {{ unit }} like 'share%'
            then concat('write the share, ', cast(cast(replace(replace(trim({{ item }}), '%', ''), ',', '.') as double) / 100 as {{ dbt.type_string() }}), ' for ', {{ item }})
        when regexp_extract({{ item }}, {{ share }}, 0) <> ''
            then 'write the number without the percent sign'
        when regexp_extract({{ item }}, '^[1-9][0-9]{0,2}(,[0-9]{3})+([.][0-9]+)?$', 0) <> ''
            then concat('write ', replace({{ item }}, ',', ''), ', without thousands separators')
        when regexp_extract({{ item }}, '^[1-9][0-9]{0,2}( [0-9]{3})+$', 0) <> ''
            then concat('write ', replace({{ item }}, ' ', ''), ', without thousands separators')
        when regexp_extract({{ item }}, '^[0-9]{1,3}([.][0-9]{3})+,[0-9]+$', 0) <> ''
            then concat('write ', replace(replace({{ item }}, '.', ''), ',', '.'), ', with a decimal point alone')
        when regexp_extract({{ item }}, '^[+-]?[0-9]+,[0-9]+$', 0) <> ''
            then concat('write ', replace({{ item }}, ',', '.'), ', with a decimal point')
        when regexp_extract(lower({{ item }}), '^p(ct|ercentile|erc)? ?:? ?([0-9]{1,2})( ?%|th|st|nd|rd)?$', 2) <> ''
            then concat('write pct:', regexp_extract(lower({{ item }}), '^p(ct|ercentile|erc)? ?:? ?([0-9]{1,2})( ?%|th|st|nd|rd)?$', 2))
        when lower({{ item }}) = 'median' then 'write pct:50'
        when lower({{ item }}) like 'pct%'
            then 'write pct: and a number from 0 to 100, such as pct:25 or pct:25 of a_segment'
        when regexp_extract({{ item }}, '^[^0-9+-]{1,4}[0-9.]+$', 0) <> '' then 'write the number alone'
        else 'write a number such as 3 or 0.25, without thousands separators'
    end
{%- endmacro %}

{# What to write in place of a text that is no day. #}
{% macro segment_day_suggestion(item) -%}
    {%- set turned = "'^([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})$'" -%}
    {%- set loose = "'^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})$'" -%}
    {%- set one = 'lpad(regexp_extract(' ~ item ~ ', ' ~ turned ~ ", 1), 2, '0')" -%}
    {%- set two = 'lpad(regexp_extract(' ~ item ~ ', ' ~ turned ~ ", 2), 2, '0')" -%}
    {%- set year = 'regexp_extract(' ~ item ~ ', ' ~ turned ~ ', 3)' -%}
    case
        when regexp_extract({{ item }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', 0) <> '' then 'write a day that there is'
        when regexp_extract({{ item }}, {{ turned }}, 0) <> '' and {{ one }} > '12' and {{ two }} <= '12'
            then concat('write ', {{ year }}, '-', {{ two }}, '-', {{ one }})
        when regexp_extract({{ item }}, {{ turned }}, 0) <> '' and {{ two }} > '12' and {{ one }} <= '12'
            then concat('write ', {{ year }}, '-', {{ one }}, '-', {{ two }})
        when regexp_extract({{ item }}, {{ turned }}, 0) <> ''
            then concat(
                    'write year, month and day: ', {{ year }}, '-', {{ two }}, '-', {{ one }},
                    ' or ', {{ year }}, '-', {{ one }}, '-', {{ two }}
                )
        when regexp_extract({{ item }}, {{ loose }}, 0) <> ''
            then concat(
                    'write ', regexp_extract({{ item }}, {{ loose }}, 1),
                    '-', lpad(regexp_extract({{ item }}, {{ loose }}, 2), 2, '0'),
                    '-', lpad(regexp_extract({{ item }}, {{ loose }}, 3), 2, '0')
                )
        when regexp_extract({{ item }}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]', 0) <> ''
            then concat('write the day alone, ', substr({{ item }}, 1, 10))
        when regexp_extract(lower({{ item }}), '^([0-9]{1,5}) days? (ago|before)$', 1) <> ''
            then concat('write -', regexp_extract(lower({{ item }}), '^([0-9]{1,5}) days? (ago|before)$', 1), 'd')
        when regexp_extract({{ item }}, '^-[0-9]{1,4}$', 0) <> '' then concat('write ', {{ item }}, 'd')
        when regexp_extract({{ item }}, '^[34][0-9]{4}$', 0) <> ''
            then 'a spreadsheet made a number of the day: format the cell as text and write it as 2026-06-30'
        when lower({{ item }}) = 'today' then 'write 0d'
        when lower({{ item }}) = 'yesterday' then 'write -1d'
        else 'write a day such as 2026-06-30, or -30d'
    end
{%- endmacro %}
