{# Cache of what the warehouse is queried for once per run: one dict per name, empty at first. For what cannot change
   while models are built: settings, and the columns of raw tables. `graph` is the one object that all nodes of a run
   share; if each node queried the catalogue, that would take longer than the models. #}
{% macro run_memory(name) -%}
    {{ return(graph.setdefault('run_memory', {}).setdefault(name, {})) }}
{%- endmacro %}
