{# Sums of daily measures over windows that end with as_of_date, from a dict of measure -> list of days, each as
   <measure>_<days>d. Ends in a comma. #}
{% macro window_sums(windows) -%}
    {%- for measure, lengths in windows.items() %}
    {%- for days in lengths %}
        sum({{ measure }}) filter (where {{ within_window('activity_date', days) }}) as {{ measure }}_{{ days }}d,
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}

{# The same sums from a joined relation as attributes: 0 where it has no row. Ends in a comma. #}
{% macro filled_window_sums(windows, relation) -%}
    {%- for measure, lengths in windows.items() %}
    {%- for days in lengths %}
        cast(coalesce({{ relation }}.{{ measure }}_{{ days }}d, 0) as bigint) as {{ measure }}_{{ days }}d,
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}

{# Days since the last day on which a measure was above 0, from a dict of name -> measure. Ends in a comma. #}
{% macro days_since_last(last_days) -%}
    {%- for name, measure in last_days.items() %}
        {{ days_between('max(activity_date) filter (where ' ~ measure ~ ' > 0)', as_of_date()) }} as {{ name }},
    {%- endfor %}
{%- endmacro %}
