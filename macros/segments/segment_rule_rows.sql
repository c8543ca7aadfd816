{# The rules, one dict per condition, as in the seeds; in a run for an earlier day, as they were recorded for that day.
   The only way for rules to reach a model: empty before the seeds are loaded, and replaced by a literal list in unit
   tests. #}
{% macro segment_rule_rows() -%}
    {%- set conditions = ref('segment_rule_conditions') -%}
    {%- set definitions = ref('segment_definitions') -%}
    {%- if not execute or not load_relation(conditions) or not load_relation(definitions) -%}{{ return([]) }}{%- endif -%}
    {%- set columns = ['segment_key', 'status', 'scope', 'kind', 'alternative', 'attribute', 'operator', 'value', 'if_missing'] -%}
    {%- set memory = run_memory('segment_rule_rows') -%}
    {%- if 'rows' not in memory -%}
        {%- do memory.update({'rows': run_query(
            "select trim(rules.segment_key) as segment_key, definitions.status, definitions.scope, rules.kind, rules.alternative,"
            ~ " rules.attribute, rules.operator, rules.value, rules.if_missing from " ~ conditions ~ " as rules"
            ~ " inner join " ~ definitions ~ " as definitions on trim(rules.segment_key) = trim(definitions.segment_key)"
            ~ " order by 1, 4, 5, 6, 7, 8"
        ).rows}) -%}
    {%- endif -%}
    {%- set earlier = segment_rules_of_then() -%}
    {%- set rows, replaced = [], [] -%}
    {%- for line in memory['rows'] -%}
        {%- set row = dict(zip(columns, line)) -%}
        {%- if row.segment_key not in earlier -%}
            {%- do rows.append(row) -%}
        {%- elif row.segment_key not in replaced -%}
            {%- do replaced.append(row.segment_key) -%}
            {%- set rule = earlier[row.segment_key] -%}
            {%- for cells in rule.rows -%}
                {%- do rows.append(dict(zip(columns, [row.segment_key, row.status, rule.scope] + cells))) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{# In a run for a day before the newest one recorded in segment_versions: the rule of each segment as of that day, or
   its first one if that is later, by key, as a dict of scope and rows. Empty in any other run. Not a ref, because it
   reads what earlier builds recorded. #}
{% macro segment_rules_of_then() -%}
    {%- set memory = run_memory('segment_rules_of_then') -%}
    {%- if 'rules' not in memory -%}
        {%- set rules = {} -%}
        {%- set versions = adapter.get_relation(target.database, generate_schema_name('marts', none), 'segment_versions') -%}
        {%- set names = [] -%}
        {%- for column in (adapter.get_columns_in_relation(versions) if versions else []) -%}
            {%- do names.append(column.name) -%}
        {%- endfor -%}
        {%- if 'rule_rows' in names -%}
            {%- set found = run_query(
                "select segment_key, rule_rows from ("
                ~ "select *, max(effective_from) over () as newest_day,"
                ~ " coalesce(max(case when effective_from <= " ~ as_of_date() ~ " then change_number end)"
                ~ " over (partition by segment_key), min(change_number) over (partition by segment_key)) as number_then"
                ~ " from " ~ versions ~ ") as numbered"
                ~ " where change_number = number_then and " ~ as_of_date() ~ " < newest_day and rule_rows is not null"
            ) -%}
            {%- for key, rule in found.rows -%}{%- do rules.update({key: fromjson(rule)}) -%}{%- endfor -%}
        {%- endif -%}
        {%- do memory.update({'rules': rules}) -%}
    {%- endif -%}
    {{ return(memory['rules']) }}
{%- endmacro %}

{# The segments that the rules describe, ready to be compiled: one dict per segment with its include and exclude
   alternatives (lists of conditions), the attributes that do not exist, those that are unavailable, those that it can
   do without because the condition states what a missing value means, the windows it reads, and the segments it refers
   to (see segment_levels). Computed once for all models of a run: read it, do not change it. #}
{% macro segment_rules() -%}
    {%- set known = segment_attributes() -%}
    {%- set rows = segment_rule_rows() -%}
    {%- if not execute -%}{{ return([]) }}{%- endif -%}
    {%- set memory = run_memory('segment_rules') -%}
    {%- set settings = tojson([rows, known]) -%}
    {%- if settings not in memory -%}
        {%- do memory.update({settings: segment_rules_of(rows, known)}) -%}
    {%- endif -%}
    {{ return(memory[settings]) }}
{%- endmacro %}

{% macro segment_rules_of(rows, known) -%}
    {%- set segments = {} -%}
    {%- for row in rows -%}
        {%- set condition = segment_known_condition(row, known) -%}
        {%- if condition.segment_key not in segments -%}
            {%- do segments.update({condition.segment_key: {
                'segment_key': condition.segment_key, 'status': (row.status or 'active') | string | trim | lower,
                'scope': (row.scope or 'people') | string | trim | lower,
                'include': {}, 'exclude': {}, 'missing': [], 'unavailable': [], 'unavailable_reasons': {}, 'waived': [],
                'windows': {}, 'referenced_segments': [], 'referenced_fingerprints': {}, 'level': none
            }}) -%}
        {%- endif -%}
        {%- set segment = segments[condition.segment_key] -%}
        {%- if condition.kind in ('include', 'exclude') -%}
            {%- do segment[condition.kind].setdefault(condition.alternative, []).append(condition) -%}
        {%- endif -%}
        {%- for key in segment_condition_references(condition) if key not in segment.referenced_segments -%}
            {%- do segment.referenced_segments.append(key) -%}
        {%- endfor -%}
        {%- for attribute in segment_condition_attributes(condition) -%}
            {%- do segment_read(segment, condition, attribute, known.get(attribute)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do segment_levels(segments) -%}
    {{ return(segments.values() | sort(attribute='segment_key') | list) }}
{%- endmacro %}

{# Records in a segment the effect of a condition that reads an attribute; `found` is none for one that does not exist.
   #}
{% macro segment_read(segment, condition, name, found) -%}
    {%- set reason = segment_unreadable_reason(condition, name, found) if found else none -%}
    {%- if not found -%}
        {%- do segment.missing.append(name) if name not in segment.missing -%}
    {%- elif reason is not none and condition.if_missing in ('true', 'false') -%}
        {#- The rule itself states the result of the condition where the value is missing. -#}
        {%- do condition.update({'constant': condition.if_missing}) -%}
        {%- do segment.waived.append(name) if name not in segment.waived -%}
    {%- elif reason is not none -%}
        {%- do segment.unavailable.append(name) if name not in segment.unavailable -%}
        {%- do segment.unavailable_reasons.update({name: reason}) -%}
    {%- endif -%}
    {%- if found and found.get('meaning') -%}{%- do segment.windows.update({name: found.meaning}) -%}{%- endif -%}
{%- endmacro %}

{# Why a condition cannot read an attribute in this run, in words; none if it can. The scores of a model that only ranks
   can be compared with percentiles, but not with probabilities or other attributes. #}
{% macro segment_unreadable_reason(condition, name, found) -%}
    {%- if not found.is_available -%}{{ return(found.unavailable_reason) }}{%- endif -%}
    {%- if found.get('ranking_reason') is none -%}{{ return(none) }}{%- endif -%}
    {%- set others = [] if name == condition.attribute else [name] -%}
    {%- for item in segment_condition_items(condition) if segment_percentile(item) is none -%}
        {%- do others.append(item) -%}
    {%- endfor -%}
    {{ return((found.ranking_reason ~ '; compare it with a percentile, such as pct:90') if others else none) }}
{%- endmacro %}

{# One condition normalised, with the type and wording of the attributes that it reads. #}
{% macro segment_known_condition(row, known) -%}
    {%- set condition = segment_condition(row) -%}
    {%- set attribute = known.get(condition.attribute, {}) -%}
    {%- set is_segment = segment_reference(condition.attribute) is not none -%}
    {%- do condition.update({
        'value_type': 'segment' if is_segment else attribute.get('value_type'), 'phrase': attribute.get('phrase'),
        'labels': {}
    }) -%}
    {%- for name in segment_condition_attributes(condition)[1:] if known.get(name, {}).get('phrase') -%}
        {%- do condition.labels.update({name: known[name].phrase.label}) -%}
    {%- endfor -%}
    {{ return(condition) }}
{%- endmacro %}

{# One condition normalised: trimmed text, lower-case keywords. #}
{% macro segment_condition(row) -%}
    {%- set cells = {} -%}
    {%- for name in ['segment_key', 'kind', 'alternative', 'attribute', 'operator', 'value', 'if_missing'] -%}
        {%- set cell = row.get(name) -%}
        {%- do cells.update({name: '' if cell is none else cell | string | trim}) -%}
    {%- endfor -%}
    {%- for name in ['kind', 'operator', 'if_missing'] -%}
        {%- do cells.update({name: cells[name] | lower}) -%}
    {%- endfor -%}
    {{ return(cells) }}
{%- endmacro %}

{# The attributes that a condition reads: its own and those it is compared with. #}
{% macro segment_condition_attributes(condition) -%}
    {%- if segment_reference(condition.attribute) is not none -%}{{ return([]) }}{%- endif -%}
    {%- set names = [condition.attribute] -%}
    {%- for item in segment_condition_items(condition) if item.startswith('attr:') -%}
        {%- do names.append(item[5:]) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{# The values of a condition: the items of a list where its operator takes one, none where it takes no value. #}
{% macro segment_condition_items(condition) -%}
    {%- set takes = segment_operator(condition.operator).takes -%}
    {%- if takes in ('none', 'one') -%}{{ return([condition.value] if takes == 'one' else []) }}{%- endif -%}
    {%- set items = [] -%}
    {%- for item in condition.value.split('|') -%}{%- do items.append(item | trim) -%}{%- endfor -%}
    {{ return(items) }}
{%- endmacro %}

{# The active segments that can be computed in this run, all of them or those of one level. #}
{% macro segment_rules_to_evaluate(level=none) -%}
    {%- set segments = [] -%}
    {%- for segment in segment_rules_explained() if level is none or segment.level == level -%}
        {%- do segments.append(segment) if segment.status == 'active' -%}
    {%- endfor -%}
    {{ return(segments) }}
{%- endmacro %}

{# The segments that can be explained in this run: complete rules, active or not, but not retired ones. #}
{% macro segment_rules_explained() -%}
    {%- set segments = [] -%}
    {%- for segment in segment_rules() if segment.status != 'retired' -%}
        {%- if segment.include and not segment.missing and not segment.unavailable -%}
            {%- do segments.append(segment) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(segments) }}
{%- endmacro %}

{# The levels of active segments, from the lowest; level 1 is always included. #}
{% macro segment_levels_to_evaluate() -%}
    {%- set levels = [1] -%}
    {#- A segment beyond the deepest level has no level and is not evaluated. -#}
    {%- for segment in segment_rules_to_evaluate() if segment.level is not none and segment.level not in levels -%}
        {%- do levels.append(segment.level) -%}
    {%- endfor -%}
    {{ return(levels | sort) }}
{%- endmacro %}

{# All conditions of the given segments. #}
{% macro segment_conditions_of(segments) -%}
    {%- set found = [] -%}
    {%- for segment in segments -%}
        {%- for conditions in segment.include.values() | list + segment.exclude.values() | list -%}
            {%- do found.extend(conditions) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# Attributes that the rules of the given segments read. #}
{% macro segment_attributes_read(segments) -%}
    {%- set names = [] -%}
    {%- for condition in segment_conditions_of(segments) -%}
        {%- do names.extend(segment_condition_attributes(condition)) -%}
    {%- endfor -%}
    {{ return(names | unique(case_sensitive=true) | sort) }}
{%- endmacro %}

{# Stops the model with the first errors when segment rules have errors. #}
{% macro stop_on_segment_rule_errors() -%}
    {%- do stop_on_rule_errors(
        ref('int_segment_rule_errors'),
        'the segment rules have {count} error(s); nothing is evaluated until they are fixed',
        "severity = 'error'"
    ) -%}
{%- endmacro %}
