{# What is wrong with the rows of behaviour_windows: dicts of seed_name, row_text, reason, suggestion. #}
{% macro behaviour_window_faults(rows) -%}
    {%- set faults = [] -%}
    {%- set seen = [] -%}
    {%- set events = behaviour_events() -%}
    {%- set taken = customer_feature_names() -%}
    {%- for row in rows -%}
        {%- set found = [] -%}
        {%- set name = row.attribute_name -%}
        {%- if not modules.re.match('^[a-z][a-z0-9_]{0,62}\Z', name) -%}
            {%- do found.append(["attribute_name is '" ~ name ~ "'", 'write small letters, digits and underscores, such as product_view_count_14d']) -%}
        {%- elif name in behaviour_reserved_words() -%}
            {%- do found.append([name ~ ' is a word of SQL or a key', 'give the attribute another name']) -%}
        {%- elif name in taken -%}
            {%- do found.append([name ~ ' is a column of customer_features', 'use that one, or give the attribute another name']) -%}
        {%- elif name in seen -%}
            {%- do found.append([name ~ ' stands there twice', 'give every row a name of its own']) -%}
        {%- endif -%}
        {%- do seen.append(name) -%}
        {%- if not modules.re.match('^[1-9][0-9]{0,3}\Z', row.days) or row.days | int > 3650 -%}
            {%- do found.append(["days is '" ~ row.days ~ "'", 'write a whole number from 1 to 3650']) -%}
        {%- endif -%}
        {%- if row.event not in events -%}
            {%- do found.append(["no event '" ~ row.event ~ "'", did_you_mean(row.event, events | list)]) -%}
        {%- else -%}
            {%- do found.extend(behaviour_measure_faults(row, events[row.event].measures)) -%}
            {%- do found.extend(behaviour_filter_faults(row, events[row.event].filters)) -%}
        {%- endif -%}
        {%- for fault in found -%}
            {%- do faults.append({
                'seed_name': 'behaviour_windows', 'row_text': name or '(no name)', 'reason': fault[0], 'suggestion': fault[1]
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(faults) }}
{%- endmacro %}

{# What is wrong with the measure of a row whose event has `measures` beside count and days: pairs of reason and cure. #}
{% macro behaviour_measure_faults(row, measures) -%}
    {%- set allowed = ['count', 'days'] + measures | list -%}
    {%- if row.measure and row.measure not in behaviour_measures() -%}
        {{ return([["no measure '" ~ row.measure ~ "'", did_you_mean(row.measure, allowed)]]) }}
    {%- elif row.measure and row.measure not in allowed -%}
        {{ return([[row.event ~ ' has no ' ~ row.measure, 'there are ' ~ allowed | join(', ')]]) }}
    {%- endif -%}
    {{ return([]) }}
{%- endmacro %}

{# What is wrong with the filter of a row whose event has the dimensions `filters`: pairs of reason and cure. #}
{% macro behaviour_filter_faults(row, filters) -%}
    {%- set found = [] -%}
    {%- set seen = [] -%}
    {%- for part in behaviour_filter(row.filter) -%}
        {%- if part.name not in filters -%}
            {%- do found.append([
                row.event ~ " cannot be filtered by '" ~ part.name ~ "'",
                did_you_mean(part.name, filters | list) if filters else 'leave the filter empty'
            ]) -%}
        {%- elif not part['values'] -%}
            {%- do found.append(['filter ' ~ part.name ~ ' has no value', 'write ' ~ part.name ~ '=one|other']) -%}
        {%- elif part.name in seen -%}
            {%- do found.append(['filter ' ~ part.name ~ ' stands there twice', 'join its values by |']) -%}
        {%- endif -%}
        {%- do seen.append(part.name) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The name that was probably meant, with all there are. #}
{% macro did_you_mean(given, names) -%}
    {%- set best = namespace(name=none, score=0.45) -%}
    {%- for name in names -%}
        {%- set score = name_likeness(given, name) -%}
        {%- if score > best.score -%}{%- set best.name = name -%}{%- set best.score = score -%}{%- endif -%}
    {%- endfor -%}
    {{ return(("did you mean '" ~ best.name ~ "'? " if best.name else '') ~ 'there are ' ~ names | join(', ')) }}
{%- endmacro %}

{# How alike two names are, 0 to 1: the share of pairs of neighbouring letters that they have in common. #}
{% macro name_likeness(name, other) -%}
    {%- set pairs = [] -%}
    {%- for text in ['^' ~ name | lower ~ '$', '^' ~ other ~ '$'] -%}
        {%- set found = [] -%}
        {%- for place in range(text | length - 1) -%}{%- do found.append(text[place:place + 2]) -%}{%- endfor -%}
        {%- do pairs.append(found) -%}
    {%- endfor -%}
    {%- set total = pairs[0] | length + pairs[1] | length -%}
    {%- set common = [] -%}
    {%- for pair in pairs[0] if pair in pairs[1] -%}
        {%- do common.append(pair) -%}{%- do pairs[1].remove(pair) -%}
    {%- endfor -%}
    {{ return(2 * common | length / total) }}
{%- endmacro %}

{# Names that no column of the seed may have. #}
{% macro behaviour_reserved_words() -%}
    {{ return([
        'customer_id', 'as_of_date', 'all', 'and', 'any', 'as', 'asc', 'between', 'both', 'by', 'case', 'cast', 'check',
        'column', 'create', 'cross', 'current_date', 'date', 'default', 'delete', 'desc', 'distinct', 'drop', 'else',
        'end', 'except', 'exists', 'false', 'filter', 'for', 'from', 'full', 'group', 'having', 'in', 'inner', 'insert',
        'interval', 'into', 'is', 'join', 'left', 'like', 'limit', 'natural', 'not', 'null', 'on', 'or', 'order',
        'outer', 'over', 'primary', 'qualify', 'right', 'select', 'set', 'some', 'table', 'then', 'timestamp', 'to',
        'true', 'union', 'unique', 'update', 'user', 'using', 'values', 'when', 'where', 'window', 'with'
    ]) }}
{%- endmacro %}

{# Stops a model with the first faults of a seed, one line each. #}
{% macro stop_on_seed_faults(faults) -%}
    {%- if faults -%}
        {%- set lines = [faults[0].seed_name ~ ' has ' ~ faults | length ~ ' fault(s); mend the seed'] -%}
        {%- for fault in faults[:5] -%}
            {%- do lines.append(fault.row_text ~ ': ' ~ fault.reason ~ '; ' ~ fault.suggestion) -%}
        {%- endfor -%}
        {{ exceptions.raise_compiler_error(lines | join('\n    ')) }}
    {%- endif -%}
{%- endmacro %}
