{# What is asked of the warehouse once a run and remembered: one dict per name, empty at first. For what cannot change
   while models are built: settings, and the columns of raw tables. `graph` is the one object that all nodes of a run
   share; asked anew by each of them, the catalogue took longer than the models. #}
{% macro run_memory(name) -%}
    {{ return(graph.setdefault('run_memory', {}).setdefault(name, {})) }}
{%- endmacro %}
