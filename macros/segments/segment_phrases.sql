{# How rules refer to an attribute, from the `phrase` of its column: {kind: text}, where the kind says how its values
   are put into words. `[one|many]` in the text gives singular and plural, ` ~ ` where the value goes (else at the end).
   Optional keys beside it: `absent` (what a missing value is, after "or"), `missing` and `known` (the whole condition
   that it is, or is not, missing), `measure` (what is compared with anything but a plain value), `not` (for a flag:
   when it is false). `given` is none for anything that is not an attribute; its name is used instead. Keys of the
   result: kind, label, head, tail, one, many, a, negative, unit, absent, missing, known. #}
{% macro segment_phrase(name, given=none) -%}
    {%- set given = given or {} -%}
    {%- set kind = (given | select('in', segment_phrase_kinds()) | list + [''])[0] -%}
    {%- set text = given.get(kind) or segment_attribute_text(name) -%}
    {%- set parts = text.split(' ~ ') -%}
    {%- set whole = parts | join(' ') -%}
    {{ return(segment_phrase_of(kind, singular(whole), plural(whole), given, plural(parts[0]))) }}
{%- endmacro %}

{# The same from singular and plural, in which [, |, ] and ~ have no special meaning; the value follows `head`. #}
{% macro segment_phrase_of(kind, one, many, given={}, head=none) -%}
    {%- set head = head or many -%}
    {%- set bare = one.split(' ', 1)[1] if kind == 'recency' else one -%}
    {{ return({
        'kind': kind, 'one': bare, 'many': many, 'a': one, 'head': head, 'tail': many[head | length:], 'negative': given.get('not', ''),
        'label': given.get('measure') or {
            'count': 'number of ' ~ many, 'part': 'share of ' ~ one, 'recency': 'days since the last ' ~ bare,
            'since': 'days since ' ~ one
        }.get(kind, many),
        'unit': {'amount': ' ' ~ reporting_currency(), 'share': ' %', 'part': ' %'}.get(kind, ''),
        'absent': given.get('absent') or ('none ever' if kind == 'recency' else 'not known'),
        'missing': given.get('missing', ''), 'known': given.get('known', '')
    }) }}
{%- endmacro %}

{# The kinds of phrases: numbers first, then the others. #}
{% macro segment_phrase_kinds() -%}
    {{ return(['count', 'recency', 'since', 'due', 'amount', 'share', 'part', 'number', 'flag', 'text', 'set', 'date']) }}
{%- endmacro %}

{# The order of a condition among others: how many, how much, when, and then the rest. #}
{% macro segment_phrase_place(kind) -%}
    {{ return({
        'count': 1, 'part': 2, 'amount': 2, 'share': 2, 'number': 2, 'recency': 3, 'since': 3, 'due': 3, 'date': 3
    }.get(kind, 4)) }}
{%- endmacro %}

{# `[order|orders] in the last 30 days` in the singular, and in the plural. #}
{% macro singular(text) -%}{{ return(modules.re.sub('\\[([^|]*?)[|](.*?)\\]', '\\1', text)) }}{%- endmacro %}
{% macro plural(text) -%}{{ return(modules.re.sub('\\[([^|]*?)[|](.*?)\\]', '\\2', text)) }}{%- endmacro %}

{# A phrase followed by the name of its attribute, where another attribute would otherwise read the same. #}
{% macro segment_phrase_named(phrase, name) -%}
    {%- set named = dict(phrase) -%}
    {%- for key in ['one', 'many', 'label', 'tail'] -%}
        {%- do named.update({key: phrase[key] ~ ' (' ~ name ~ ')'}) -%}
    {%- endfor -%}
    {{ return(named) }}
{%- endmacro %}

{# What a condition requires, from the phrase of its attribute and the words of its operator. #}
{% macro segment_condition_phrase(condition, phrase) -%}
    {%- set operator = segment_operator(condition.operator) -%}
    {%- set items, numbers = segment_condition_items(condition), [] -%}
    {%- for item in items if condition.value_type == 'number' and segment_is_number(item) -%}
        {%- do numbers.append(segment_plain_number(item)) -%}
    {%- endfor -%}
    {%- if operator.comparisons == ['is_known'] and phrase['missing' if operator.is_negated else 'known'] -%}
        {{ return(phrase['missing' if operator.is_negated else 'known']) }}
    {%- endif -%}
    {%- set is_plain = numbers | length == items | length -%}
    {%- set words = segment_operator_words(operator, condition, phrase, items, numbers) -%}
    {%- set slots = {
        'one': phrase.one, 'many': phrase.many, 'a': phrase.a, 'negative': phrase.negative, 'tail': phrase.tail if is_plain else '',
        'label': phrase.many if words.is_named else phrase.label, 'head': phrase.head if is_plain else phrase.label
    } -%}
    {%- if words.is_number -%}{%- do slots.update({'head': phrase.label, 'tail': ''}) -%}{%- endif -%}
    {%- set texts, bare = [], [] -%}
    {%- for item in items -%}
        {%- set number = segment_plain_number(item) if condition.value_type == 'number' and segment_is_number(item) else none -%}
        {%- set text = segment_value_text(condition, item) -%}
        {%- if number is not none -%}
            {%- if phrase.unit == ' %' -%}{%- set number = segment_percent(number) -%}{%- endif -%}
            {%- set text = segment_day_text(number | int) if words.kind == 'due' else segment_grouped_number(number) -%}
        {%- endif -%}
        {%- set unit = phrase.unit if number is not none else '' -%}
        {%- do texts.append(text ~ unit) -%}
        {%- do bare.append(text if is_plain and words.text else text ~ unit) -%}
    {%- endfor -%}
    {%- if items -%}
        {%- do slots.update({
            'value': texts[-1], 'low': bare[0], 'high': texts[-1], 'list': texts | join(', '),
            'either': bare[:-1] | join(', ') ~ (' or ' if items | length > 1 else '') ~ texts[-1],
            'noun': phrase.one if numbers[-1:] == ['1'] else phrase.many, 'unit': 'day' if numbers[-1:] == ['1'] else 'days',
            'days': segment_days_text(numbers[0]) if numbers else '',
            'share': segment_percentile_side(items[0], operator), 'base': segment_percentile_base_text(items[0])
        }) -%}
    {%- endif -%}
    {%- if not words.text -%}
        {{ return(slots.label ~ ' ' ~ operator.words ~ (' ' ~ texts | join(' and ' if operator.takes == 'two' else ', ') if texts else '')) }}
    {%- endif -%}
    {{ return(segment_filled(words.text, slots)) }}
{%- endmacro %}

{# The words of an operator for a condition, as a dict of text ('' where it has no words of its own), kind, is_number
   (whether it compares what the attribute measures) and is_named (whether the phrase is used in place of the measure).
   #}
{% macro segment_operator_words(operator, condition, phrase, items, numbers) -%}
    {%- set kind, known = phrase.kind, operator.phrases -%}
    {%- set form = {'recency': '^[0-9]+$', 'since': '^[0-9]+$', 'due': '^-?[0-9]+$'}.get(kind, '') -%}
    {%- set unusual = numbers | reject('in', segment_matching(numbers, form)) | list -%}
    {%- if condition.value_type == 'number' and numbers | length < items | length -%}
        {%- set side = segment_percentile(items[0]) if items | length == 1 else none -%}
        {%- set is_side = side is not none and side.split(' ')[0] not in ('0', '100') and 'percentile' in known -%}
        {{ return({'text': known.percentile if is_side else known.get('number', ''), 'kind': 'number', 'is_number': true}) }}
    {%- elif unusual -%}
        {{ return({'text': known.get('number', ''), 'kind': 'number', 'is_number': true}) }}
    {%- endif -%}
    {%- set own = known.get(kind ~ ' ' ~ numbers | first) if numbers else none -%}
    {%- set own = own or known.get(kind) -%}
    {%- if own -%}{{ return({'text': own, 'kind': kind, 'is_named': kind in ('since', 'due')}) }}{%- endif -%}
    {%- if kind in ('amount', 'share') and known.number -%}{{ return({'text': known.number, 'kind': kind}) }}{%- endif -%}
    {%- set text = known.get('any', '') if kind else '' -%}
    {{ return({'text': text, 'kind': 'number', 'is_number': true, 'is_named': text and kind in ('since', 'due')}) }}
{%- endmacro %}

{# The texts that a pattern matches. #}
{% macro segment_matching(texts, pattern) -%}
    {%- set found = [] -%}
    {%- for text in texts if modules.re.match(pattern, text) -%}{%- do found.append(text) -%}{%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# Words with their {slots} filled; the content of a slot is not parsed again. #}
{% macro segment_filled(words, slots) -%}
    {%- set pieces = words.split('{') -%}
    {%- set filled = [pieces[0]] -%}
    {%- for piece in pieces[1:] -%}
        {%- do filled.append(slots[piece.split('}')[0]] ~ piece.split('}')[1]) -%}
    {%- endfor -%}
    {{ return(filled | join) }}
{%- endmacro %}

{# 12345.6 as 12,345.6. #}
{% macro segment_grouped_number(number) -%}
    {%- set parts = number.split('.') -%}
    {{ return(modules.re.sub('(?<=[0-9])(?=(?:[0-9]{3})+$)', ',', parts[0]) ~ ('.' ~ parts[1] if parts | length > 1 else '')) }}
{%- endmacro %}

{# A share in one spelling as a percentage: 0.125 is 12.5. #}
{% macro segment_percent(number) -%}
    {%- set parts = number.lstrip('-').split('.') -%}
    {%- set decimals = (parts[1] if parts | length > 1 else '') ~ '00' -%}
    {{ return(segment_plain_number(('-' if number.startswith('-') else '') ~ parts[0] ~ decimals[:2] ~ '.' ~ decimals[2:])) }}
{%- endmacro %}

{# A number of days in words; one to three years of 365 days as months, so no other number reads the same. #}
{% macro segment_days_text(number) -%}
    {{ return({'1': '1 day', '365': '12 months', '730': '24 months', '1095': '36 months'}.get(
        number, segment_grouped_number(number) ~ ' days'
    )) }}
{%- endmacro %}

{# A day counted from today. #}
{% macro segment_day_text(days) -%}
    {%- if days == 0 -%}{{ return('today') }}{%- endif -%}
    {{ return(segment_days_text((days if days > 0 else 0 - days) | string) ~ (' from now' if days > 0 else ' ago')) }}
{%- endmacro %}

{# 2026-06-30 as 30 June 2026; none for a text of any other form. #}
{% macro segment_calendar_text(item) -%}
    {%- set found = modules.re.match('^([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z', item) -%}
    {%- if found is none -%}{{ return(none) }}{%- endif -%}
    {%- set months = 'January February March April May June July August September October November December'.split(' ') -%}
    {{ return(found.group(3) | int ~ ' ' ~ months[found.group(2) | int - 1] ~ ' ' ~ found.group(1)) }}
{%- endmacro %}

{# The percentage of the base on the side of a percentile that an operator selects; '' for anything but a percentile. #}
{% macro segment_percentile_side(item, operator) -%}
    {%- if segment_percentile(item) is none -%}{{ return('') }}{%- endif -%}
    {%- set hundredths = (segment_percentile(item).split(' ')[0] | float * 100) | round | int -%}
    {%- if operator.comparisons | first in ('above', 'at_least') -%}{%- set hundredths = 10000 - hundredths -%}{%- endif -%}
    {{ return(segment_plain_number((hundredths // 100) | string ~ '.' ~ '%02d' % (hundredths % 100))) }}
{%- endmacro %}

{# The population of a percentile, in words. #}
{% macro segment_percentile_base_text(item) -%}
    {%- set base = segment_percentile_base(item) -%}
    {{ return('buyers' if base is none else 'segment ' ~ base) }}
{%- endmacro %}
