{# The UTC instant at which as_of_date ends, the first one of the next business day. Anything with an earlier
   timestamp had happened, or was known, by then. A literal, so that no time zone is calculated row by row. #}
{% macro as_of_end() -%}
    {%- set zone = modules.pytz.timezone(business_timezone()) -%}
    {%- set day = modules.datetime.datetime.strptime(as_of_day(), '%Y-%m-%d') -%}
    {%- set instant = zone.localize(day + modules.datetime.timedelta(days=1)).astimezone(modules.pytz.utc) -%}
    cast('{{ instant.strftime('%Y-%m-%d %H:%M:%S') }}' as {{ dbt.type_timestamp() }}) /* as_of_end */
{%- endmacro %}
