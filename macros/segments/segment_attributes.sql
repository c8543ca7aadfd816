{# What a rule may speak of, by name: the columns of customer_features as its YAML describes them, and those of
   customer_behaviour_windows as the seed behaviour_windows declares them. Each is a dict with source_relation, theme,
   data_type, value_type, description, unit, null_meaning, needs, needs_any, is_available, unavailable_reason, operators. #}
{% macro segment_attributes() -%}
    {%- set windows = behaviour_window_attributes() -%}
    {%- if not execute -%}{{ return({}) }}{%- endif -%}
    {#- The same for every model of a run, but for unit tests, which set windows and sources of their own. -#}
    {%- set sources_on = {} -%}
    {%- for table in delivered_tables() if table.source_name not in sources_on -%}
        {%- do sources_on.update({table.source_name: source_is_on(table.source_name)}) -%}
    {%- endfor -%}
    {%- set memory = run_memory('segment_attributes') -%}
    {%- set settings = tojson([windows, sources_on]) -%}
    {%- if settings not in memory -%}
        {%- set attributes = {} -%}
        {%- set features = graph.nodes.get('model.' ~ project_name ~ '.customer_features') -%}
        {%- for column in (features.columns.values() if features else []) if column.name not in ('customer_id', 'as_of_date') -%}
            {%- set meta = column.get('config', {}).get('meta', {}) or column.get('meta', {}) -%}
            {%- do attributes.update({column.name: segment_attribute(
                'customer_features', column.name, column.data_type or 'varchar', column.description or '', meta, sources_on
            )}) -%}
        {%- endfor -%}
        {%- for window in windows -%}
            {%- do attributes.update({window.attribute_name: segment_attribute(
                'customer_behaviour_windows', window.attribute_name, window.data_type, window.description, window, sources_on
            )}) -%}
        {%- endfor -%}
        {%- do memory.update({settings: attributes}) -%}
    {%- endif -%}
    {{ return(memory[settings]) }}
{%- endmacro %}

{# One attribute in full. `meta` says theme, unit, null_meaning, needs, needs_any, needs_parameters; `sources_on` remembers
   which sources are on. #}
{% macro segment_attribute(relation, name, data_type, description, meta, sources_on) -%}
    {%- set needs = segment_attribute_sources(meta.get('needs')) -%}
    {%- set needs_any = segment_attribute_sources(meta.get('needs_any')) -%}
    {%- for source_name in needs + needs_any if source_name not in sources_on -%}
        {%- do sources_on.update({source_name: source_is_on(source_name)}) -%}
    {%- endfor -%}
    {%- set off = segment_sources_off(needs, needs_any, sources_on) -%}
    {%- set reason = 'source ' ~ off | join(', ') ~ ' is off' if off else none -%}
    {%- if not off and meta.get('needs_parameters') and not has_parameters(meta.needs_parameters) -%}
        {%- set reason = 'the model ' ~ meta.needs_parameters ~ ' has no fitted parameters yet' -%}
    {%- endif -%}
    {%- set value_type = segment_value_type(data_type) -%}
    {{ return({
        'attribute_name': name, 'source_relation': relation, 'theme': meta.get('theme'), 'data_type': data_type | lower,
        'value_type': value_type, 'description': description, 'unit': meta.get('unit'),
        'null_meaning': meta.get('null_meaning'), 'operators': segment_operators(value_type), 'needs': needs,
        'needs_any': needs_any, 'is_available': reason is none, 'unavailable_reason': reason
    }) }}
{%- endmacro %}

{# Whether the seed <name>_parameters is there, loaded and not empty. #}
{% macro has_parameters(name) -%}
    {%- set seed = graph.nodes.get('seed.' ~ project_name ~ '.' ~ name ~ '_parameters') -%}
    {%- if not seed -%}{{ return(false) }}{%- endif -%}
    {%- set relation = adapter.get_relation(seed.database, seed.schema, seed.alias) -%}
    {%- if relation is none -%}{{ return(false) }}{%- endif -%}
    {{ return(run_query('select count(*) from ' ~ relation).rows[0][0] > 0) }}
{%- endmacro %}

{# Names of sources as a list, without the `using_` of their switches. #}
{% macro segment_attribute_sources(names) -%}
    {%- set found = [] -%}
    {%- for name in ([names] if names is string else names or []) if name != 'always' -%}
        {%- do found.append(name | replace('using_', '')) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The sources whose absence makes an attribute unavailable: all of `needs`, and one at least of `needs_any`. #}
{% macro segment_sources_off(needs, needs_any, sources_on) -%}
    {%- set off = [] -%}
    {%- for name in needs if not sources_on[name] -%}{%- do off.append(name) -%}{%- endfor -%}
    {%- set any_on = [] -%}
    {%- for name in needs_any if sources_on[name] -%}{%- do any_on.append(name) -%}{%- endfor -%}
    {%- if needs_any and not any_on -%}{%- do off.extend(needs_any) -%}{%- endif -%}
    {{ return(off) }}
{%- endmacro %}

{# How values of a data type are written and compared: number, text, date, boolean or timestamp. #}
{% macro segment_value_type(data_type) -%}
    {%- set name = data_type | lower | trim -%}
    {%- if name.startswith('bool') -%}{{ return('boolean') }}{%- endif -%}
    {%- if name == 'date' -%}{{ return('date') }}{%- endif -%}
    {%- if name.startswith('timestamp') or name.startswith('datetime') -%}{{ return('timestamp') }}{%- endif -%}
    {%- if modules.re.match('^(tiny|small|big|huge|u)?(int|integer|bigint)|^(decimal|numeric|double|float|real)', name) -%}
        {{ return('number') }}
    {%- endif -%}
    {{ return('text') }}
{%- endmacro %}

{# The operators that make sense for a type of value. #}
{% macro segment_operators(value_type) -%}
    {%- set comparisons = ['=', '!=', '>', '>=', '<', '<=', 'between'] -%}
    {{ return({
        'number': comparisons + ['in', 'not_in'],
        'date': comparisons,
        'text': ['=', '!=', 'in', 'not_in', 'contains', 'starts_with'],
        'boolean': ['is_true', 'is_false'],
        'timestamp': []
    }[value_type] + ['is_null', 'is_not_null']) }}
{%- endmacro %}
