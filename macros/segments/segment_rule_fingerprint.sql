{# The meaning of a rule as a hash, with everything it depends on: what its windows count, and the rules of the segments
   that it refers to. Row order, numbering of alternatives, repeats, white space, spelling of numbers and descriptions
   do not matter. #}
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
    {#- Adds nothing to a rule without windows and references, so its fingerprint depends on its own rows alone. -#}
    {%- do parts.extend(segment_foundations(segment)) -%}
    {{ return(local_md5(parts | join(';'))) }}
{%- endmacro %}

{# What a rule depends on besides its own rows: its windows and the segments that it refers to, each with its meaning.
   #}
{% macro segment_foundations(segment) -%}
    {%- set found = [] -%}
    {%- for name, meaning in (segment.windows or {}).items() -%}
        {%- do found.append('window ' ~ name ~ '=' ~ meaning) -%}
    {%- endfor -%}
    {%- for key in segment.referenced_segments or [] -%}
        {%- do found.append('segment ' ~ key ~ '=' ~ segment.referenced_fingerprints.get(key, 'unknown')) -%}
    {%- endfor -%}
    {{ return(found | sort(case_sensitive=true)) }}
{%- endmacro %}

{# A condition in normalised spelling: attribute, operator, values, if_missing. #}
{% macro segment_condition_meaning(condition) -%}
    {%- set items = [] -%}
    {%- for item in segment_condition_items(condition) -%}
        {%- set plain = item -%}
        {%- if condition.value_type in ('number', none) and segment_percentile(item) is not none -%}
            {%- set plain = 'pct:' ~ segment_percentile(item) -%}
            {%- set plain = plain ~ ('' if segment_percentile_base(item) else ' of buyers') -%}
        {%- elif condition.value_type == 'number' and segment_is_number(item) -%}
            {%- set plain = segment_plain_number(item) -%}
        {%- elif condition.value_type == 'date' and segment_is_relative_day(item) -%}
            {%- set plain = segment_plain_number(item[:-1]) ~ 'd' -%}
        {%- endif -%}
        {%- do items.append(plain) -%}
    {%- endfor -%}
    {%- if segment_operator(condition.operator).takes == 'several' -%}
        {%- set items = items | unique(case_sensitive=true) | sort(case_sensitive=true) | list -%}
    {%- endif -%}
    {{ return([condition.attribute, condition.operator, items, condition.if_missing]) }}
{%- endmacro %}
