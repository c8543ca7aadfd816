{# A table of connected components. The model's SQL gives the links of nodes: one row per `node` (a whole number) and
   `link` (any value). The table has one row per node that is connected to another: `node`, and `component`, the
   smallest node in its component, however long the chain.

   Each round joins every node to its smallest neighbour, follows these choices to nodes that have no smaller neighbour,
   and keeps only the edges that still run between the resulting groups. At most every second node of a graph has no
   smaller neighbour, so each round at least halves it, however the nodes are numbered; chains of choices are followed
   by doubling. Stops the run when edges are left after `max_rounds`: an unfinished resolution would split people.
   Plain tables, no recursion. #}
{% materialization connected_components, default, supported_languages=['sql'] %}
    {%- set joined = this.incorporate(type='table') -%}
    {%- set max_rounds = config.get('max_rounds', 40) -%}
    {%- set first_edges = component_work_table('edges') -%}
    {%- set rounds = [] -%}
    {%- set work = [first_edges] -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- do replace_work_table(first_edges, star_edges_sql(sql)) -%}
    {%- set state = namespace(edges=first_edges, left=run_query('select count(*) from ' ~ first_edges).rows[0][0]) -%}
    {%- for number in range(1, max_rounds + 1) -%}
        {%- if state.left > 0 -%}
            {%- set choices = component_work_table('round_' ~ number) -%}
            {%- set remaining = component_work_table('edges_' ~ number) -%}
            {%- do rounds.append(choices) -%}
            {%- do work.append(remaining) -%}
            {%- do replace_work_table(choices, followed_twice_sql(smallest_neighbour_sql(state.edges))) -%}
            {%- do follow_to_the_end(choices, component_work_table('followed')) -%}
            {%- do replace_work_table(remaining, remaining_edges_sql(state.edges, choices)) -%}
            {%- set state.edges = remaining -%}
            {%- set state.left = run_query('select count(*) from ' ~ remaining).rows[0][0] -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if state.left > 0 -%}
        {{ exceptions.raise_compiler_error(
            this.identifier ~ ": has not converged after " ~ max_rounds ~ " rounds, " ~ state.left
            ~ " links still run between groups; look for an identifier that chains many nodes, or raise max_rounds"
        ) }}
    {%- endif -%}

    {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
    {% call statement('main') -%}
        {{ create_table_as(False, joined, followed_choices_sql(first_edges, rounds)) }}
    {%- endcall %}
    {%- do persist_docs(joined, model) -%}
    {%- for relation in rounds + work -%}
        {%- do drop_relation_if_exists(relation) -%}
    {%- endfor -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [joined]}) }}
{% endmaterialization %}

{# A work table beside the model's own, dropped when the model is done. #}
{% macro component_work_table(part) -%}
    {{ return(api.Relation.create(
        database=this.database, schema=this.schema, identifier=this.identifier ~ '__' ~ part, type='table'
    )) }}
{%- endmacro %}

{% macro replace_work_table(relation, query) -%}
    {%- do run_query('drop table if exists ' ~ relation) -%}
    {%- do run_query(create_table_as(False, relation, query)) -%}
{%- endmacro %}

{# Edges from every node of a link to its smallest: the fewest that join them all. A link with one node joins none. #}
{% macro star_edges_sql(linked) -%}
    with linked as (
        {{ linked }}
    ),

    centres as (
        select link, min(node) as centre
        from linked
        group by link
        having min(node) < max(node)
    )

    select distinct linked.node as high, centres.centre as low
    from linked
    inner join centres
        on linked.link = centres.link
    where linked.node <> centres.centre
{%- endmacro %}

{# What each node that has a smaller neighbour is joined to: the smallest of them. #}
{% macro smallest_neighbour_sql(edges) -%}
    select high as node, min(low) as component
    from {{ edges }}
    group by high
{%- endmacro %}

{# Choices with the choices of their targets, twice: follows chains of up to four steps at once. #}
{% macro followed_twice_sql(choices) -%}
    with choices_0 as (
        {{ choices }}
    )
    {%- for step in [0, 1] %},

    choices_{{ step + 1 }} as (
        select chosen.node, coalesce(further.component, chosen.component) as component
        from choices_{{ step }} as chosen
        left join choices_{{ step }} as further
            on chosen.component = further.node
    )
    {%- endfor %}

    select node, component from choices_2
{%- endmacro %}

{# Follows the choices of a table until none leads to a node that has its own choice. #}
{% macro follow_to_the_end(choices, work_table) -%}
    {%- set open_query = 'select count(*) from ' ~ choices ~ ' as chosen inner join ' ~ choices ~ ' as further'
        ~ ' on chosen.component = further.node' -%}
    {%- set state = namespace(open=run_query(open_query).rows[0][0]) -%}
    {#- Each pass makes the steps four times as long; 32 passes follow any chain that fits in memory. -#}
    {%- for step in range(32) -%}
        {%- if state.open > 0 -%}
            {%- do replace_work_table(work_table, followed_twice_sql('select * from ' ~ choices)) -%}
            {%- do replace_work_table(choices, 'select * from ' ~ work_table) -%}
            {%- set state.open = run_query(open_query).rows[0][0] -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do run_query('drop table if exists ' ~ work_table) -%}
{%- endmacro %}

{# The edges that still run between two groups, named after the groups. #}
{% macro remaining_edges_sql(edges, choices) -%}
    with renamed as (
        select
            coalesce(high_choice.component, edges.high) as one_end,
            coalesce(low_choice.component, edges.low) as other_end
        from {{ edges }} as edges
        left join {{ choices }} as high_choice
            on edges.high = high_choice.node
        left join {{ choices }} as low_choice
            on edges.low = low_choice.node
    )

    select distinct greatest(one_end, other_end) as high, least(one_end, other_end) as low
    from renamed
    where one_end <> other_end
{%- endmacro %}

{# Every node of the graph with the choices of all rounds followed to the end. #}
{% macro followed_choices_sql(first_edges, rounds) -%}
    with followed_0 as (
        select high as node, high as component from {{ first_edges }}
        union
        select low as node, low as component from {{ first_edges }}
    )
    {%- for choices in rounds %},

    followed_{{ loop.index }} as (
        select followed.node, coalesce(choices.component, followed.component) as component
        from followed_{{ loop.index0 }} as followed
        left join {{ choices }} as choices
            on followed.component = choices.node
    )
    {%- endfor %}

    select
        cast(node as bigint) as node,
        cast(component as bigint) as component
    from followed_{{ rounds | length }}
{%- endmacro %}
