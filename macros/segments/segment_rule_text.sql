{# A rule in plain English, made from the rule itself so that the two never disagree. Two rules that read the same mean the
   same: texts stand in quotes, everything else has one way to be read. #}
{% macro segment_rule_text(segment) -%}
    {%- set parts = [] -%}
    {%- for kind, opening in [('include', 'In when '), ('exclude', 'Out when ')] if segment[kind] -%}
        {%- set alternatives = [] -%}
        {%- for conditions in segment[kind].values() -%}
            {%- set texts = [] -%}
            {%- for condition in conditions -%}{%- do texts.append(segment_condition_text(condition)) -%}{%- endfor -%}
            {%- do alternatives.append(texts | join(' and ')) -%}
        {%- endfor -%}
        {%- do parts.append(opening ~ alternatives | join(', or ')) -%}
    {%- endfor -%}
    {%- if segment.scope != 'all' -%}
        {%- do parts.append('Staff, wholesalers, relay and test accounts are left out') -%}
    {%- endif -%}
    {{ return(parts | join('. ') ~ '.') }}
{%- endmacro %}

{# A condition in plain English, on one line whatever its value holds. #}
{% macro segment_condition_text(condition) -%}
    {%- set operator = segment_operator(condition.operator) -%}
    {%- set reference = segment_reference(condition.attribute) -%}
    {%- if reference is not none -%}
        {%- set words = operator.words if 'segment' in operator.value_types else condition.operator ~ ' segment' -%}
        {{ return(words ~ ' ' ~ reference) }}
    {%- endif -%}
    {%- set values = [] -%}
    {%- for item in segment_condition_items(condition) -%}
        {%- do values.append(segment_value_text(item, condition.value_type)) -%}
    {%- endfor -%}
    {{ return(segment_attribute_text(condition.attribute) ~ ' ' ~ operator.words
        ~ (' ' ~ values | join(' and ' if operator.takes == 'two' else ', ') if values else '')
        ~ {'true': ' or not known', 'false': ', where that is known'}.get(condition.if_missing, '')) }}
{%- endmacro %}

{# order_count_180d as `order count in 180 days`. #}
{% macro segment_attribute_text(attribute) -%}
    {{ return(modules.re.sub('\s+', ' ', modules.re.sub('_([0-9]+)d$', ' in \\1 days', attribute) | replace('_', ' '))) }}
{%- endmacro %}

{# A value in words. Without a type (of an attribute that does not exist) it is read as what it looks like. #}
{% macro segment_value_text(item, value_type=none) -%}
    {%- if modules.re.match('^attr:[A-Za-z0-9_]+\Z', item) and value_type != 'set' -%}
        {{ return(segment_attribute_text(item[5:])) }}
    {%- endif -%}
    {%- if value_type in ('number', none) and segment_percentile(item) is not none -%}
        {%- set number = segment_percentile(item).split(' ')[0] -%}
        {%- set ending = {'1': 'st', '2': 'nd', '3': 'rd'}.get(number[-1], 'th') if number not in ('11', '12', '13') else 'th' -%}
        {%- set base = segment_percentile_base(item) -%}
        {{ return('the ' ~ number ~ ending ~ ' percentile of ' ~ ('buyers' if base is none else 'segment ' ~ base)) }}
    {%- endif -%}
    {%- if value_type in ('date', none) and segment_is_relative_day(item) -%}
        {%- set count = item[:-1].lstrip('+-') -%}
        {{ return(count ~ ' days ' ~ ('before' if item.startswith('-') else 'after') ~ ' the day of evaluation') }}
    {%- endif -%}
    {%- if value_type not in ('text', 'set') and modules.re.match('^[+-]?[0-9]+([.][0-9]+|-[0-9]{2}-[0-9]{2})?\Z', item) -%}
        {{ return(item) }}
    {%- endif -%}
    {{ return(segment_quoted_text(item)) }}
{%- endmacro %}

{# A text in quotes, on one line: what would end the line or the quotes is written as an escape. #}
{% macro segment_quoted_text(text) -%}
    {%- set quoted = {'text': text | replace('\\', '\\\\') | replace('"', '\\"')} -%}
    {%- for sign, escape in [
        ('\n', '\\n'), ('\r', '\\r'), ('\t', '\\t'), ('\x0b', '\\u000b'), ('\x0c', '\\u000c'), ('\x1c', '\\u001c'),
        ('\x1d', '\\u001d'), ('\x1e', '\\u001e'), ('\x85', '\\u0085'), ('\u2028', '\\u2028'), ('\u2029', '\\u2029')
    ] -%}
        {%- do quoted.update({'text': quoted['text'] | replace(sign, escape)}) -%}
    {%- endfor -%}
    {{ return('"' ~ quoted['text'] ~ '"') }}
{%- endmacro %}
