{# Stops a model with the first rows of `errors` (row_text, reason, suggestion), after the line `words`, in which
   {count} is their number. Under `dbt build` a test has stopped it before. #}
{% macro stop_on_rule_errors(errors, words, condition='true') -%}
    {#- A fixture of a unit test is not a relation of the warehouse: it has no schema. -#}
    {%- if execute and errors.schema and load_relation(errors) -%}
        {#- Asked once a run: every model that calls this comes after `errors`. -#}
        {%- set query = "select row_text, reason, suggestion from " ~ errors ~ " where " ~ condition ~ " order by 1, 2, 3" -%}
        {%- set memory = run_memory('rule_errors') -%}
        {%- if query not in memory -%}{%- do memory.update({query: run_query(query).rows}) -%}{%- endif -%}
        {%- set found = memory[query] -%}
        {%- if found | length > 0 -%}
            {%- set lines = [words | replace('{count}', found | length)] -%}
            {%- for line in found -%}
                {%- if loop.index <= 5 -%}{%- do lines.append(line[0] ~ ": " ~ line[1] ~ "; " ~ line[2]) -%}{%- endif -%}
            {%- endfor -%}
            {{ exceptions.raise_compiler_error(lines | join('\n    ')) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
