{# One round: every profile takes the smallest label among the profiles it shares an identifier with, and then the
   label of that label, so that a chain halves with every round. #}
{% macro label_propagation_round(labels) -%}
with edges as (

    select * from {{ ref('int_identity_edges') }}

),

labels as (

    select * from {{ labels }}

),

identifier_labels as (

    select
        edges.identifier,
        min(labels.label) as label

    from edges
    inner join labels
        on edges.profile_key = labels.profile_key
    group by edges.identifier

),

neighbour_labels as (

    select
        edges.profile_key,
        min(identifier_labels.label) as label

    from edges
    inner join identifier_labels
        on edges.identifier = identifier_labels.identifier
    group by edges.profile_key

),

relabelled as (

    select
        labels.profile_key,
        least(labels.label, coalesce(neighbour_labels.label, labels.label)) as label

    from labels
    left join neighbour_labels
        on labels.profile_key = neighbour_labels.profile_key

),

shortened as (

    select
        relabelled.profile_key,
        least(relabelled.label, coalesce(further.label, relabelled.label)) as label

    from relabelled
    left join relabelled as further
        on relabelled.label = further.profile_key

)

select * from shortened
{%- endmacro %}

{# Stops the model when the last round still changed a label: an unfinished resolution would split people. #}
{% macro stop_unless_converged(labels) -%}
    {%- set edges = ref('int_identity_edges') -%}
    {%- if execute and load_relation(labels) is not none and load_relation(edges) is not none -%}
        {%- set unfinished = run_query(
            "select count(*) from (select edges.identifier from " ~ edges ~ " as edges"
            ~ " inner join " ~ labels ~ " as labels on edges.profile_key = labels.profile_key"
            ~ " group by edges.identifier having min(labels.label) <> max(labels.label)) as split"
        ).rows[0][0] -%}
        {%- if unfinished > 0 -%}
            {{ exceptions.raise_compiler_error(
                "identity resolution has not converged: " ~ unfinished ~ " identifiers still have two labels;"
                ~ " add a round (models/intermediate/identity) and run again"
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
