{# A rule in plain English, made from the rule itself so that the two never disagree. #}
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
    {%- set words = {
        '=': 'is', '!=': 'is not', '>': 'is above', '>=': 'is at least', '<': 'is below', '<=': 'is at most',
        'in': 'is one of', 'not_in': 'is none of', 'between': 'is between', 'contains': 'contains',
        'starts_with': 'starts with', 'is_null': 'is missing', 'is_not_null': 'is known',
        'is_true': 'is true', 'is_false': 'is false'
    } -%}
    {%- set values = [] -%}
    {%- if condition.operator not in ('is_null', 'is_not_null', 'is_true', 'is_false') -%}
        {%- for item in (condition.value.split('|') if condition.operator in ('between', 'in', 'not_in') else [condition.value]) -%}
            {%- do values.append(segment_value_text(item | trim)) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set text = segment_attribute_text(condition.attribute) ~ ' ' ~ words.get(condition.operator, condition.operator)
        ~ (' ' ~ values | join(' and ' if condition.operator == 'between' else ', ') if values else '')
        ~ {'true': ' or not known', 'false': ', where that is known'}.get(condition.if_missing, '') -%}
    {{ return(modules.re.sub('\s+', ' ', text)) }}
{%- endmacro %}

{# order_count_180d as `order count in 180 days`. #}
{% macro segment_attribute_text(attribute) -%}
    {{ return(modules.re.sub('_([0-9]+)d$', ' in \\1 days', attribute) | replace('_', ' ')) }}
{%- endmacro %}

{% macro segment_value_text(item) -%}
    {%- if item.startswith('attr:') -%}{{ return(segment_attribute_text(item[5:])) }}{%- endif -%}
    {%- if segment_percentile(item) is not none -%}
        {%- set number = segment_percentile(item) -%}
        {%- set ending = {'1': 'st', '2': 'nd', '3': 'rd'}.get(number[-1], 'th') if number not in ('11', '12', '13') else 'th' -%}
        {{ return('the ' ~ number ~ ending ~ ' percentile of buyers') }}
    {%- endif -%}
    {%- if modules.re.match('^-[0-9]{1,5}d\Z', item) -%}{{ return(item[1:-1] ~ ' days before the day of evaluation') }}{%- endif -%}
    {%- if modules.re.match('^[+]?[0-9]{1,5}d\Z', item) -%}{{ return((item[:-1] | replace('+', '')) ~ ' days after the day of evaluation') }}{%- endif -%}
    {{ return(item) }}
{%- endmacro %}

{# The meaning of a rule as a hash: row order, numbering of alternatives, repeats and white space do not matter. #}
{% macro segment_rule_fingerprint(segment) -%}
    {%- set parts = ['scope=' ~ segment.scope] -%}
    {%- for kind in ['include', 'exclude'] -%}
        {%- set alternatives = [] -%}
        {%- for conditions in segment[kind].values() -%}
            {%- set tests = [] -%}
            {%- for condition in conditions -%}
                {%- do tests.append(tojson(segment_condition_meaning(condition))) -%}
            {%- endfor -%}
            {%- do alternatives.append(tojson(tests | unique(case_sensitive=true) | sort(case_sensitive=true) | list)) -%}
        {%- endfor -%}
        {%- do parts.append(kind ~ '=' ~ tojson(alternatives | unique(case_sensitive=true) | sort(case_sensitive=true) | list)) -%}
    {%- endfor -%}
    {{ return(local_md5(parts | join(';'))) }}
{%- endmacro %}

{% macro segment_condition_meaning(condition) -%}
    {%- set items = [] -%}
    {%- if condition.operator not in ('is_null', 'is_not_null', 'is_true', 'is_false') -%}
        {%- for item in (condition.value.split('|') if condition.operator in ('between', 'in', 'not_in') else [condition.value]) -%}
            {%- set plain = item | trim -%}
            {%- if segment_percentile(plain) is not none -%}
                {%- set plain = 'pct:' ~ segment_percentile(plain) ~ ' of buyers' -%}
            {%- elif condition.value_type == 'number' and modules.re.match('^[+-]?[0-9]+([.][0-9]+)?\Z', plain) -%}
                {%- set plain = segment_plain_number(plain) -%}
            {%- endif -%}
            {%- do items.append(plain) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set items = items | unique(case_sensitive=true) | sort(case_sensitive=true) | list if condition.operator in ('in', 'not_in') else items -%}
    {{ return([condition.attribute, condition.operator, items, condition.if_missing]) }}
{%- endmacro %}
