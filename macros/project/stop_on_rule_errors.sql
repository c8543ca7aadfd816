{# Stops a model if the model `errors` (row_text, reason, suggestion) has rows, with the line `words`. Under `dbt build`
   a test has stopped it before. #}
{% macro stop_on_rule_errors(errors, words, condition='true') -%}
    {#- A fixture of a unit test is not a relation of the warehouse: it has no schema. -#}
    {%- if execute and errors.schema and load_relation(errors) -%}
        {#- Asked once a run: every model that calls this comes after `errors`. -#}
        {%- set query = "select row_text, reason, suggestion from " ~ errors ~ " where " ~ condition ~ " order by 1, 2, 3" -%}
        {%- set memory = run_memory('rule_errors') -%}
        {%- if query not in memory -%}{%- do memory.update({query: run_query(query).rows}) -%}{%- endif -%}
        {%- do stop_with_errors(words, memory[query]) -%}
    {%- endif -%}
{%- endmacro %}

{# Stops a model if `found`, rows of row_text, reason and suggestion, has any: the first five after the line `words`, in
   which {count} is their number. #}
{% macro stop_with_errors(words, found) -%}
    {%- set lines = [words | replace('{count}', found | length)] -%}
    {%- for row in found -%}
        {%- if loop.index <= 5 -%}{%- do lines.append(row['row_text'] ~ ': ' ~ row['reason'] ~ '; ' ~ row['suggestion']) -%}{%- endif -%}
    {%- endfor -%}
    {%- if found -%}{{ exceptions.raise_compiler_error(lines | join('\n    ')) }}{%- endif -%}
{%- endmacro %}
