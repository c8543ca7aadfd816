{# Stops a run before it starts when a setting would do harm, with one line that says how to fix it. #}
{% macro check_configuration() -%}
    {%- if execute -%}
        {%- set seeds = env_var('SEGMENTATION_SEEDS', 'seeds/business') -%}
        {#- dbt writes a seed's SQL to target/run/<project>/<seed path>: outside the project it would hit the seed itself. -#}
        {%- if seeds.startswith('/') or '..' in seeds or modules.re.match('^[A-Za-z]:', seeds) -%}
            {{ exceptions.raise_compiler_error(
                "SEGMENTATION_SEEDS is '" ~ seeds ~ "'; give a path within the project, such as data/seeds,"
                ~ " or run `python -m scripts build --seeds DIR`, which accepts any folder"
            ) }}
        {%- endif -%}
        {%- if var('rfm_method') not in ['measured', 'fixed'] -%}
            {{ exceptions.raise_compiler_error(
                "rfm_method is '" ~ var('rfm_method') ~ "'; give measured, or fixed with the seed rfm_fixed_cut_points"
            ) }}
        {%- endif -%}
        {%- set days = var('segment_history_days') -%}
        {%- if days is not none and not modules.re.match('^[1-9][0-9]{0,4}$', days | string) -%}
            {{ exceptions.raise_compiler_error(
                "segment_history_days is '" ~ days ~ "'; give a number of days such as 800, or null to keep all history"
            ) }}
        {%- endif -%}
        {%- if business_timezone() not in modules.pytz.all_timezones -%}
            {{ exceptions.raise_compiler_error(
                "business_timezone is '" ~ business_timezone() ~ "'; give a time zone such as Europe/London"
            ) }}
        {%- endif -%}
        {%- if not modules.re.match('^[A-Z]{3}$', reporting_currency() | string) -%}
            {{ exceptions.raise_compiler_error(
                "reporting_currency is '" ~ reporting_currency() ~ "'; give a code such as GBP"
            ) }}
        {%- endif -%}
        {%- do numbering_plan() -%}
        {%- for table in delivered_tables() if source_is_on(table.source_name) not in (true, false) -%}
            {{ exceptions.raise_compiler_error(
                table.config.meta.switch ~ " is '" ~ source_is_on(table.source_name) ~ "'; give true or false"
            ) }}
        {%- endfor -%}
        {%- do as_of_day() -%}
    {%- endif -%}
{%- endmacro %}
