{# A setting of this run: the var when given, else what the landing zone states, else the default. The same order as in
   scripts/platform/settings.py, which is what Python reads. #}
{% macro run_setting(name, default=none) -%}
    {%- set given = var(name, none) -%}
    {%- if given is not none -%}{{ return(given) }}{%- endif -%}
    {#- Unit tests give the same result in every workspace. -#}
    {%- if execute and not (model is defined and model.resource_type == 'unit_test') -%}
        {#- Called thousands of times per run, so it reads the cache directly, without the macro run_memory. -#}
        {%- set memory = graph.setdefault('run_memory', {}).setdefault('settings', {}) -%}
        {%- if 'stored' not in memory -%}{%- do memory.update({'stored': landing_settings()}) -%}{%- endif -%}
        {%- set stored = memory['stored'] -%}
        {%- if name in stored -%}
            {{ return({'true': true, 'false': false}.get(stored[name], stored[name])) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(var('setting_defaults').get(name, default)) }}
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

{# Every setting of this run as a select of subject, value, origin and note, which says what it means: those that have a
   place in the landing zone, and the vars that were given for this run. #}
{% macro build_settings() -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set stored = landing_settings() -%}
    {%- set given = (invocation_args_dict or {}).get('vars') or {} -%}
    {%- if given is string -%}{%- set given = fromyaml(given) or {} -%}{%- endif -%}
    {%- set meanings = {
        'as_of_date': 'The results describe {}', 'business_timezone': 'Days begin and end in the time zone {}',
        'reporting_currency': 'All amounts are in {}',
        'default_country': 'Phone numbers without a country code count as numbers of {}', 'kind': 'The data are of the kind {}'
    } -%}
    {%- set names = meanings.keys() | list -%}
    {%- for table in delivered_tables() -%}{%- do names.append(table.config.meta.switch) -%}{%- endfor -%}
    {%- set rows = [] -%}
    {%- for name in (names + given.keys() | list) | unique if name != 'always' and (name in names or given[name] is not none) -%}
        {%- set value = as_of_day() if name == 'as_of_date' else run_setting(name, true if name.startswith('using_')) | string -%}
        {%- set value = value | lower if value in ('True', 'False') else value -%}
        {%- set is_given = var(name, none) is not none -%}
        {%- set origin = 'world.json' if stored.get(name) == value else 'command line' if name in given
            else 'dbt_project.yml' if is_given else 'default' -%}
        {%- set meaning = meanings.get(name, 'The source ' ~ name[6:] ~ ' is ' ~ ('on' if value == 'true' else 'switched off')
            if name.startswith('using_') else name ~ ' is {}') | replace('{}', value) -%}
        {%- set note = meaning ~ (', the default; state ' ~ name ~ ' in world.json if that is wrong'
            if origin == 'default' and name in meanings and name != 'kind' else '') -%}
        {%- do rows.append({
            'note_key': 'setting ' ~ name, 'kind': 'setting', 'severity': 'ok', 'subject': name, 'value': value,
            'origin': origin, 'note': note
        }) -%}
    {%- endfor -%}
    {%- set text = dbt.type_string() -%}
    {{ literal_rows({
        'note_key': text, 'kind': text, 'severity': text, 'subject': text, 'value': text, 'origin': text, 'note': text
    }, rows) }}
{%- endmacro %}
