{# A setting of this run: the var when given, else what intake read from the landing zone's settings, else the default. #}
{% macro run_setting(name, default) -%}
    {%- set given = var(name, none) -%}
    {%- if given is not none -%}{{ return(given) }}{%- endif -%}
    {%- if execute -%}
        {#- Called thousands of times per run, so it reads the cache directly, without the macro run_memory. -#}
        {%- set memory = graph.setdefault('run_memory', {}).setdefault('settings', {}) -%}
        {%- if 'stored' not in memory -%}{%- do memory.update({'stored': landing_settings()}) -%}{%- endif -%}
        {%- set stored = memory['stored'] -%}
        {%- if name in stored -%}
            {{ return({'true': true, 'false': false}.get(stored[name], stored[name])) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(default) }}
{%- endmacro %}

{# The settings that came with the landing zone, as a dict of texts. #}
{% macro landing_settings() -%}
    {%- set stored = {} -%}
    {%- set settings = adapter.get_relation(target.database, 'intake', 'settings') -%}
    {%- if settings is not none -%}
        {%- for row in run_query("select setting_name, setting_value from " ~ settings).rows -%}
            {%- do stored.update({row[0]: row[1]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(stored) }}
{%- endmacro %}
