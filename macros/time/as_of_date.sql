{# The business day that every customer-level model describes, including that whole day. #}
{% macro as_of_date() -%}
    cast('{{ as_of_day() }}' as date) /* as_of_date */
{%- endmacro %}

{# The same day as ISO text. Default: yesterday in the business time zone, at the start of the run. #}
{% macro as_of_day() -%}
    {%- set given = run_setting('as_of_date') -%}
    {%- if given is none -%}
        {%- set zone = modules.pytz.timezone(business_timezone()) -%}
        {%- set yesterday = run_started_at.astimezone(zone) - modules.datetime.timedelta(days=1) -%}
        {{ return(yesterday.strftime('%Y-%m-%d')) }}
    {%- endif -%}
    {%- set day = given | string -%}
    {%- if not is_calendar_date(day) -%}
        {{ exceptions.raise_compiler_error("as_of_date '" ~ day ~ "' is not a date; use YYYY-MM-DD") }}
    {%- endif -%}
    {{ return(day) }}
{%- endmacro %}

{# Whether a text is a day of the calendar, such as 2026-06-30. Compared as numbers: Jinja cannot catch an error. #}
{% macro is_calendar_date(text) -%}
    {%- if not modules.re.match('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$', text) -%}{{ return(false) }}{%- endif -%}
    {%- set first = modules.datetime.date(text[:4] | int, text[5:7] | int, 1) -%}
    {{ return((first + modules.datetime.timedelta(days=(text[8:] | int) - 1)).strftime('%m') == text[5:7]) }}
{%- endmacro %}

{# The time zone in which business days are counted. #}
{% macro business_timezone() -%}
    {{ return(run_setting('business_timezone')) }}
{%- endmacro %}

{# The business day of a UTC instant. #}
{% macro business_date(instant) -%}
    {{ return(adapter.dispatch('business_date', 'customer_segmentation')(instant)) }}
{%- endmacro %}

{% macro default__business_date(instant) -%}
    cast(timezone('{{ business_timezone() }}', timezone('UTC', {{ instant }})) as date)
{%- endmacro %}

{% macro spark__business_date(instant) -%}
    cast(from_utc_timestamp({{ instant }}, '{{ business_timezone() }}') as date)
{%- endmacro %}
