{# The attributes that a rule may use, by name: the columns of customer_features as described in its YAML, and those of
   customer_behaviour_windows as the seed behaviour_windows declares them. Each is a dict with source_relation, theme,
   data_type, value_type, description, unit, lowest, highest, changes, null_meaning, phrase (see segment_phrase), meaning (of a
   window), needs, needs_any, is_available, unavailable_reason, ranking_reason, operators. #}
{% macro segment_attributes() -%}
    {%- set windows = behaviour_window_attributes() -%}
    {#- Built first, because they say which models may score, and whether margins are known. -#}
    {%- do ref('int_model_status') -%}
    {%- do ref('order_margins') -%}
    {#- Has the seed of the operators loaded first. -#}
    {%- do segment_operators() -%}
    {%- if not execute -%}{{ return({}) }}{%- endif -%}
    {#- The same for every model of a run, except in unit tests, which set their own windows and sources. -#}
    {%- set sources_on = {} -%}
    {%- for table in delivered_tables() if table.source_name not in sources_on -%}
        {%- do sources_on.update({table.source_name: source_is_on(table.source_name)}) -%}
    {%- endfor -%}
    {%- for source_name in undelivered_sources() -%}{%- do sources_on.update({source_name: none}) -%}{%- endfor -%}
    {%- set memory = run_memory('segment_attributes') -%}
    {%- set settings = tojson([windows, sources_on, costs_unavailable_reason()]) -%}
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
        {%- set labels = [] -%}
        {%- for name, attribute in attributes.items() -%}
            {#- A window may count the same as an attribute or another window; its name then distinguishes it. -#}
            {%- if attribute.phrase.label in labels -%}
                {%- do attribute.update({'phrase': segment_phrase_named(attribute.phrase, name)}) -%}
            {%- endif -%}
            {%- do labels.append(attribute.phrase.label) -%}
        {%- endfor -%}
        {%- do memory.update({settings: attributes}) -%}
    {%- endif -%}
    {{ return(memory[settings]) }}
{%- endmacro %}

{# One attribute in full. `meta` gives theme, value_type where the data type does not, unit, lowest, highest,
   changes, null_meaning, phrase, needs, needs_any, needs_parameters, needs_costs; `sources_on` caches which sources are on: true, false, or
   none for one that is on and has delivered nothing. #}
{% macro segment_attribute(relation, name, data_type, description, meta, sources_on) -%}
    {%- set needs = segment_attribute_sources(meta.get('needs')) -%}
    {%- set needs_any = segment_attribute_sources(meta.get('needs_any')) -%}
    {%- for source_name in needs + needs_any if source_name not in sources_on -%}
        {%- do sources_on.update({source_name: source_is_on(source_name)}) -%}
    {%- endfor -%}
    {%- set off = segment_sources_off(needs, needs_any, sources_on) -%}
    {%- set silent = [] -%}
    {%- for source_name in off if sources_on[source_name] is none -%}{%- do silent.append(source_name) -%}{%- endfor -%}
    {%- set switched_off = off | reject('in', silent) | list -%}
    {%- set reasons = [] -%}
    {%- if switched_off -%}{%- do reasons.append('source ' ~ switched_off | join(', ') ~ ' is off') -%}{%- endif -%}
    {%- if silent -%}{%- do reasons.append('source ' ~ silent | join(', ') ~ ' has delivered nothing') -%}{%- endif -%}
    {%- set reason = reasons | join('; ') if reasons else none -%}
    {%- set ranking_reason = none -%}
    {%- if not off and meta.get('needs_parameters') -%}
        {%- set memory = run_memory('model_uses') -%}
        {%- if meta.needs_parameters not in memory -%}
            {%- do memory.update({meta.needs_parameters: model_use(meta.needs_parameters)}) -%}
        {%- endif -%}
        {%- set reason = memory[meta.needs_parameters].unavailable_reason -%}
        {%- set ranking_reason = memory[meta.needs_parameters].ranking_reason -%}
    {%- endif -%}
    {%- if reason is none and meta.get('needs_costs') -%}{%- set reason = costs_unavailable_reason() -%}{%- endif -%}
    {%- set value_type = meta.get('value_type') or segment_value_type(data_type) -%}
    {%- set phrase = meta.get('full_phrase') or segment_phrase(name, meta.get('phrase')) -%}
    {%- if ranking_reason is not none -%}{%- set phrase = segment_phrase_named(phrase, 'rank') -%}{%- endif -%}
    {{ return({
        'attribute_name': name, 'source_relation': relation, 'theme': meta.get('theme'), 'data_type': data_type | lower,
        'value_type': value_type, 'description': description, 'unit': meta.get('unit'),
        'lowest': meta.get('lowest'), 'highest': meta.get('highest'),
        'changes': meta.get('changes') or 'any', 'meaning': meta.get('meaning'),
        'null_meaning': meta.get('null_meaning'), 'phrase': phrase,
        'operators': segment_operators_for(value_type), 'needs': needs,
        'needs_any': needs_any, 'is_available': reason is none, 'unavailable_reason': reason,
        'ranking_reason': ranking_reason
    }) }}
{%- endmacro %}

{# How a fitted model may be used in this run, in words: unavailable_reason where it gives no scores, ranking_reason where
   its scores only rank customers, both none where they are probabilities. The seed <name>_parameters holds its
   parameters, int_model_status says whether they may be used on these data. Before that is built, the seeds alone
   decide. Of several adoption models, the one that customer_features shows counts. #}
{% macro model_use(name) -%}
    {%- set refused = {'ranking_reason': none} -%}
    {%- set usable = {'unavailable_reason': none, 'ranking_reason': none} -%}
    {%- set parameters = built_relation('seed', name ~ '_parameters') -%}
    {%- set cards = built_relation('seed', 'model_cards') -%}
    {%- if parameters is none or cards is none
        or run_query('select count(*) from ' ~ parameters).rows[0][0] == 0 -%}
        {{ return(dict(refused, unavailable_reason='the model ' ~ name ~ ' has no fitted parameters yet')) }}
    {%- endif -%}
    {%- set fits_with_card = run_query(
        'select distinct cards.model_key, cards.fit_id from ' ~ cards ~ ' as cards inner join ' ~ parameters
        ~ ' as parameters on cards.model_key = parameters.model_key and cards.fit_id = parameters.fit_id order by 1'
    ).rows -%}
    {%- if name == 'adoption' and var('adoption_target') is not none -%}
        {%- set fits_with_card = fits_with_card | selectattr(0, 'equalto', var('adoption_target')) | list -%}
    {%- endif -%}
    {%- if fits_with_card | length == 0 -%}
        {{ return(dict(
            refused, unavailable_reason='the parameters of the model ' ~ name ~ ' have no model card; fit it again'
        )) }}
    {%- endif -%}
    {%- set statuses = built_relation('model', 'int_model_status') -%}
    {%- if statuses is none -%}{{ return(usable) }}{%- endif -%}
    {%- set status_by_fit = {} -%}
    {%- for row in run_query('select model_key, fit_id, status, reason from ' ~ statuses).rows -%}
        {%- do status_by_fit.update({row[0] ~ ' ' ~ row[1]: row}) -%}
    {%- endfor -%}
    {%- set reasons = [] -%}
    {%- for row in fits_with_card -%}
        {%- set status = status_by_fit.get(row[0] ~ ' ' ~ row[1]) -%}
        {%- if status is none or status[2] == 'usable' -%}{{ return(usable) }}{%- endif -%}
        {%- if status[2] == 'ranking_only' -%}
            {{ return(dict(usable, ranking_reason='the model ' ~ name ~ ' ' ~ status[3])) }}
        {%- endif -%}
        {%- do reasons.append(status[3]) -%}
    {%- endfor -%}
    {{ return(dict(refused, unavailable_reason='the model ' ~ name ~ ' is refused: ' ~ reasons | first)) }}
{%- endmacro %}

{# A seed or model of this project as a relation of the warehouse; none before it is built. #}
{% macro built_relation(resource_type, name) -%}
    {%- set node = graph.nodes.get(resource_type ~ '.' ~ project_name ~ '.' ~ name) -%}
    {%- if not node -%}{{ return(none) }}{%- endif -%}
    {{ return(adapter.get_relation(node.database, node.schema, node.alias)) }}
{%- endmacro %}

{# Names of sources as a list, without the `using_` of their switches. #}
{% macro segment_attribute_sources(names) -%}
    {%- set found = [] -%}
    {%- for name in ([names] if names is string else names or []) if name != 'always' -%}
        {%- do found.append(name | replace('using_', '')) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The sources whose absence makes an attribute unavailable: it needs all of `needs` and at least one of `needs_any`. #}
{% macro segment_sources_off(needs, needs_any, sources_on) -%}
    {%- set off = [] -%}
    {%- for name in needs if not sources_on[name] -%}{%- do off.append(name) -%}{%- endfor -%}
    {%- set any_on = [] -%}
    {%- for name in needs_any if sources_on[name] -%}{%- do any_on.append(name) -%}{%- endfor -%}
    {%- if needs_any and not any_on -%}{%- do off.extend(needs_any) -%}{%- endif -%}
    {{ return(off) }}
{%- endmacro %}

{# How values of a data type are written and compared: number, text, date, boolean or timestamp. Text that holds a set
   of items joined by | is declared as a set by its column. #}
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

{# What a condition is about: an attribute, or membership of another segment, named by `segment:key`. #}
{% macro segment_attribute_of(name, attributes) -%}
    {%- if segment_reference(name) is none -%}{{ return(attributes[name]) }}{%- endif -%}
    {{ return({
        'attribute_name': name, 'data_type': 'boolean', 'value_type': 'segment', 'operators': segment_operators_for('segment'),
        'is_available': true
    }) }}
{%- endmacro %}

{# The key in `segment:key`; none for an attribute. #}
{% macro segment_reference(name) -%}
    {{ return(name[8:] | trim if name.startswith('segment:') else none) }}
{%- endmacro %}
