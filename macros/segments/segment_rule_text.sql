{# A rule in plain English, generated from the rule itself so that the two never disagree: what all alternatives
   require, where they differ, who is left out. Two rules that read the same mean the same: texts are quoted, everything
   else has only one reading. #}
{% macro segment_rule_text(segment) -%}
    {%- set sentences = [] -%}
    {%- set include = segment_alternative_texts(segment.include) -%}
    {%- if include -%}{%- do sentences.append(segment_include_text(include)) -%}{%- endif -%}
    {%- set out = segment_left_out_text(segment) -%}
    {%- if out -%}{%- do sentences.append('Left out: ' ~ out ~ '.') -%}{%- endif -%}
    {{ return(sentences | join(' ')) }}
{%- endmacro %}

{# Who is left out, as a list; '' when nobody is. #}
{% macro segment_left_out_text(segment) -%}
    {%- set out = [] -%}
    {%- for parts in segment_alternative_texts(segment.exclude) -%}{%- do out.append(segment_joined_text(parts)) -%}{%- endfor -%}
    {%- if segment.scope != 'all' -%}{%- do out.append('staff, wholesalers, relay and test accounts') -%}{%- endif -%}
    {{ return(out | join(' · ')) }}
{%- endmacro %}

{# The alternatives of a rule, each a list of its conditions, as dicts of text, inner (the text beside others joined by
   "and") and place: how many, how much, when, and then the rest. Duplicates, which drafts may have, appear once. #}
{% macro segment_alternative_texts(alternatives) -%}
    {%- set found, known_texts = [], [] -%}
    {%- for conditions in alternatives.values() -%}
        {%- set parts = [] -%}
        {%- for condition in conditions -%}
            {%- set part = {
                'text': segment_condition_text(condition), 'inner': segment_condition_text(condition, true),
                'place': segment_phrase_place((condition.phrase or {}).get('kind'))
            } -%}
            {%- if part not in parts -%}{%- do parts.append(part) -%}{%- endif -%}
        {%- endfor -%}
        {%- set texts = parts | map(attribute='text') | sort(case_sensitive=true) | list -%}
        {%- if texts not in known_texts -%}{%- do known_texts.append(texts) -%}{%- do found.append(parts | sort(attribute='place') | list) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# Who is in, from segment_alternative_texts(). #}
{% macro segment_include_text(alternatives) -%}
    {%- set shared, rests = [], [] -%}
    {%- for part in alternatives[0] -%}
        {%- set without = [] -%}
        {%- for parts in alternatives if part not in parts -%}{%- do without.append(parts) -%}{%- endfor -%}
        {%- if not without -%}{%- do shared.append(part) -%}{%- endif -%}
    {%- endfor -%}
    {%- for parts in alternatives -%}{%- do rests.append(parts | reject('in', shared) | list) -%}{%- endfor -%}
    {%- if alternatives | length > 1 and [] in rests -%}{%- set shared, rests = [], alternatives -%}{%- endif -%}
    {%- set sentences = [] -%}
    {%- if shared -%}
        {%- set text = shared | map(attribute='text') | join(' · ') -%}
        {%- do sentences.append('All of: ' ~ text if shared | length > 1 else text[0] | upper ~ text[1:]) -%}
    {%- endif -%}
    {%- if alternatives | length > 1 -%}
        {%- set texts = [] -%}
        {%- for parts in rests -%}{%- do texts.append(segment_joined_text(parts)) -%}{%- endfor -%}
        {%- do sentences.append(('And any of: ' if shared else 'Any of: ') ~ texts | join(' · ')) -%}
    {%- endif -%}
    {{ return(sentences | join('. ') ~ '.') }}
{%- endmacro %}

{# The conditions of one alternative in a list of several. #}
{% macro segment_joined_text(parts) -%}
    {{ return(parts | map(attribute='inner') | join(' and ') if parts | length > 1 else parts[0].text) }}
{%- endmacro %}

{# A condition in plain English, on one line whatever its value contains; `is_inner`: joined to others by "and".
   Computed once for all models of a run. #}
{% macro segment_condition_text(condition, is_inner=false) -%}
    {%- if 'text' not in condition -%}
        {%- set operator = segment_operator(condition.operator) -%}
        {%- set reference = segment_reference(condition.attribute) -%}
        {%- if reference is not none -%}
            {%- set words = operator.words if 'segment' in operator.value_types else condition.operator ~ ' segment' -%}
            {%- do condition.update({'text': words ~ ' ' ~ reference, 'inner_text': words ~ ' ' ~ reference}) -%}
        {%- else -%}
            {%- set phrase = condition.phrase or segment_phrase(condition.attribute) -%}
            {%- set said = segment_condition_phrase(condition, phrase) -%}
            {%- for name, absent in [('text', ', or ' ~ phrase.absent), ('inner_text', ' (or ' ~ phrase.absent ~ ')')] -%}
                {%- do condition.update({name: said ~ {'true': absent, 'false': ' (if known)'}.get(condition.if_missing, '')}) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(condition.inner_text if is_inner else condition.text) }}
{%- endmacro %}

{# The name of an attribute in words, for those without a phrase: order_count_180d as `order count in 180 days`. #}
{% macro segment_attribute_text(attribute) -%}
    {{ return(modules.re.sub('\s+', ' ', modules.re.sub('_([0-9]+)d$', ' in \\1 days', attribute) | replace('_', ' '))) }}
{%- endmacro %}

{# A value of a condition in words. Without a type (the attribute does not exist) it is read as what it looks like. #}
{% macro segment_value_text(condition, item) -%}
    {%- set type = condition.value_type or none -%}
    {%- if modules.re.match('^attr:[A-Za-z0-9_]+\Z', item) and type != 'set' -%}
        {{ return((condition.labels or {}).get(item[5:]) or segment_attribute_text(item[5:])) }}
    {%- endif -%}
    {%- if type in ('number', none) and segment_percentile(item) is not none -%}
        {%- set number = segment_percentile(item).split(' ')[0] -%}
        {%- set ending = {'1': 'st', '2': 'nd', '3': 'rd'}.get(number[-1], 'th') if number not in ('11', '12', '13') else 'th' -%}
        {{ return(('the median' if number == '50' else 'the ' ~ number ~ ending ~ ' percentile') ~ ' of ' ~ segment_percentile_base_text(item)) }}
    {%- endif -%}
    {%- if type in ('number', none) and segment_is_number(item) -%}
        {{ return(segment_grouped_number(segment_plain_number(item))) }}
    {%- endif -%}
    {%- if type in ('date', none) and segment_is_relative_day(item) -%}{{ return(segment_day_text(item[:-1] | int)) }}{%- endif -%}
    {%- if type in ('date', none) and segment_calendar_text(item) is not none -%}{{ return(segment_calendar_text(item)) }}{%- endif -%}
    {{ return(segment_quoted_text(item)) }}
{%- endmacro %}

{# A text in quotes, on one line: characters that would end the line or the quotes are escaped. #}
{% macro segment_quoted_text(text) -%}
    {%- set quoted = {'text': text | replace('\\', '\\\\') | replace('"', '\\"')} -%}
    {%- for character, escape in [
        ('\n', '\\n'), ('\r', '\\r'), ('\t', '\\t'), ('\x0b', '\\u000b'), ('\x0c', '\\u000c'), ('\x1c', '\\u001c'),
        ('\x1d', '\\u001d'), ('\x1e', '\\u001e'), ('\x85', '\\u0085'), ('\u2028', '\\u2028'), ('\u2029', '\\u2029')
    ] -%}
        {%- do quoted.update({'text': quoted['text'] | replace(character, escape)}) -%}
    {%- endfor -%}
    {{ return('"' ~ quoted['text'] ~ '"') }}
{%- endmacro %}
