{# The business day that every customer-level model describes, including that whole day. #}
{% macro as_of_date() -%}
    cast('{{ as_of_day() }}' as date) /* as_of_date */
{%- endmacro %}

{# The same day as ISO text. Default: yesterday in the business time zone, at the start of the run. #}
{% macro as_of_day() -%}
    {%- set given = run_setting('as_of_date', none) -%}
    {%- if given is none -%}
        {%- set zone = modules.pytz.timezone(business_timezone()) -%}
        {%- set yesterday = run_started_at.astimezone(zone) - modules.datetime.timedelta(days=1) -%}
        {{ return(yesterday.strftime('%Y-%m-%d')) }}
    {%- endif -%}
    {%- set day = given | string -%}
    {%- if not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', day) -%}
        {{ exceptions.raise_compiler_error("as_of_date '" ~ day ~ "' is not a date; use YYYY-MM-DD") }}
    {%- endif -%}
    {{ return(day) }}
{%- endmacro %}

{# The time zone in which business days are counted. #}
{% macro business_timezone() -%}
    {{ return(run_setting('business_timezone', 'UTC')) }}
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
