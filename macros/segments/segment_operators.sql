{# The operators of rules from the seed segment_operators: by name, in its order, each a dict of operator, value_types,
   takes, comparisons, combine, is_negated, missing_value, opposite, words, phrases, expected. Empty before the seed is
   loaded. #}
{% macro segment_operators() -%}
    {%- if not execute -%}
        {#- Has the seed loaded first. It is read as a relation below, because the fixture of a unit test cannot be queried. -#}
        {%- do ref('segment_operators') -%}
        {{ return({}) }}
    {%- endif -%}
    {%- set memory = run_memory('segment_operators') -%}
    {%- if not memory -%}
        {%- set seed = adapter.get_relation(target.database, generate_schema_name('seeds', none), 'segment_operators') -%}
        {%- for row in seed_rows(seed, [
            'place', 'operator', 'value_types', 'takes', 'comparison', 'combine', 'is_negated', 'missing_value', 'opposite',
            'words', 'phrases', 'expected'
        ]) -%}
            {%- set phrases = {} -%}
            {%- for phrase in row.phrases.split(' | ') if phrase -%}
                {%- do phrases.update([phrase.split(': ', 1)]) -%}
            {%- endfor -%}
            {%- do memory.update({row.operator: dict(
                row, value_types=row.value_types.split('|'), comparisons=row.comparison.split('|'),
                is_negated=row.is_negated | lower == 'true', phrases=phrases
            )}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(memory) }}
{%- endmacro %}

{# The names of the operators that a value type allows. #}
{% macro segment_operators_for(value_type) -%}
    {%- set names = [] -%}
    {%- for name, operator in segment_operators().items() if value_type in operator.value_types -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{# One operator of segment_operators(). An operator that does not exist gets a placeholder that takes one value, so that
   a faulty rule can still be put into words. #}
{% macro segment_operator(name) -%}
    {%- set operators = segment_operators() -%}
    {%- if execute and not operators -%}
        {{ exceptions.raise_compiler_error('the seed segment_operators is not loaded; run `dbt seed`, then run again') }}
    {%- endif -%}
    {{ return(operators.get(name, {
        'operator': name, 'value_types': [], 'takes': 'one', 'comparisons': [], 'combine': '', 'is_negated': false,
        'missing_value': 'unmet', 'opposite': '', 'words': name, 'phrases': {}, 'expected': ''
    })) }}
{%- endmacro %}

{# The test of one operator on a column and its values, all given as SQL. A missing value on either side is never met.
   #}
{% macro segment_operator_sql(operator, column, values) -%}
    {%- set comparisons = operator.comparisons -%}
    {%- if comparisons == ['equals'] and operator.combine == 'any' -%}
        {{ return(column ~ (' not in (' if operator.is_negated else ' in (') ~ values | join(', ') ~ ')') }}
    {%- endif -%}
    {%- set tests, known = [], [] -%}
    {%- for value in values or [none] -%}
        {%- do tests.append(segment_comparison_sql(comparisons[loop.index0] or comparisons[-1], column, value)) -%}
        {%- do known.append(value ~ ' is not null') -%}
    {%- endfor -%}
    {%- set test = tests | join(' or ' if operator.combine == 'any' else ' and ') -%}
    {%- if not operator.is_negated -%}{{ return('(' ~ test ~ ')' if operator.combine == 'any' else test) }}{%- endif -%}
    {%- set test = 'not (' ~ test ~ ')' -%}
    {#- One of several tests may already be false while the value of another is missing. -#}
    {{ return('(' ~ test ~ ' and ' ~ known | join(' and ') ~ ')' if tests | length > 1 and operator.combine != 'any' else test) }}
{%- endmacro %}

{# One comparison as SQL. Operators consist only of these; scripts/segments/operators.py is the Python counterpart. #}
{% macro segment_comparison_sql(comparison, column, value) -%}
    {{ return({
        'equals': column ~ ' = ' ~ value,
        'above': column ~ ' > ' ~ value,
        'at_least': column ~ ' >= ' ~ value,
        'below': column ~ ' < ' ~ value,
        'at_most': column ~ ' <= ' ~ value,
        'contains': 'instr(' ~ column ~ ', ' ~ value ~ ') > 0',
        'starts_with': 'instr(' ~ column ~ ', ' ~ value ~ ') = 1',
        'ends_with': 'right(' ~ column ~ ', length(' ~ value ~ ')) = ' ~ value,
        'has_item': "instr('|' || " ~ column ~ " || '|', '|' || " ~ value ~ " || '|') > 0",
        'is_true': column,
        'is_known': column ~ ' is not null'
    }[comparison]) }}
{%- endmacro %}
