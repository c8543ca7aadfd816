{#
    Checks the rules for the rows of a relation in one query: one row per broken rule, with the column, the number of
    failures and one example.

    keys      Each a column or an expression, or a list of these that is unique in combination. No part of a key is null
              except those in `nullable`, where null counts as a value.
    not_null  Other columns that are never null.
    accepted  {column: [values]}; null passes.
    ranges    {column: {min: , max: }}, each a number or an SQL expression, inclusive; null passes.
    parents   {column: ref('model')}: every value is in the column of the same name there; null passes.
    holds     {description: SQL expression that is true of every row}; null passes.

    An example is the wrong value, or the numbers, days and flags that `holds` compares, and the row's first key. Relations in pii and activation, which hold identifiers, show
    none; in other relations, columns that may hold a person's address or number are shown without the value.
#}
{% test shape(model, keys=[], nullable=[], not_null=[], accepted={}, ranges={}, parents={}, holds={}) %}
{#- While dbt parses, `model` is the test itself. -#}
{%- set name = config.model.refs[-1].name -%}
{%- if not keys or keys is string or keys is mapping -%}
    {{ exceptions.raise_compiler_error(
        name ~ ": its shape needs `keys`, a list of what is unique, such as `keys: [order_id]`"
    ) }}
{%- endif -%}
{%- for column, limits in ranges.items() if not limits or limits.keys() | reject('in', ['min', 'max']) | list -%}
    {{ exceptions.raise_compiler_error(
        name ~ ": the range of `" ~ column ~ "` in its shape needs `min`, `max` or both, and nothing else"
    ) }}
{%- endfor -%}

{%- set text = dbt.type_string() -%}
{%- set personal = [
    'email', 'member_email', 'excluded_email', 'phone', 'identifier', 'identifier_value', 'shown_value', 'profile_key',
    'source_profile_id', 'record_key'
] -%}
{#- How a row is shown by each key, as arguments of concat. -#}
{%- set shown = {} -%}
{%- set required = not_null | list -%}
{%- for key in keys -%}
    {%- set parts = [] -%}
    {%- for column in ([key] if key is string else key) -%}
        {%- set label = column | replace("'", "''") -%}
        {%- set value = "'(not shown)'" if column in personal else 'cast(' ~ column ~ ' as ' ~ text ~ ')' -%}
        {%- do parts.append("'" ~ label ~ "=', coalesce(" ~ value ~ ", 'null')") -%}
        {%- if column not in nullable and column not in required -%}{%- do required.append(column) -%}{%- endif -%}
    {%- endfor -%}
    {%- do shown.update({key if key is string else key | join(', '): parts | join(", ', ', ")}) -%}
{%- endfor -%}
{%- set row = shown.values() | first -%}

{#- Rule, column, clause after `from`, and example. -#}
{%- set rules = [] -%}
{%- for columns, example in shown.items() -%}
    {%- do rules.append(('unique', columns, 'group by ' ~ columns ~ ' having count(*) > 1', example)) -%}
{%- endfor -%}
{%- for column in required -%}
    {%- do rules.append(('not_null', column, 'where ' ~ column ~ ' is null', row)) -%}
{%- endfor -%}
{%- for column, values in accepted.items() -%}
    {#- Quoted whatever their type: the engine casts them to the type of the column. -#}
    {%- set quoted = values | map('string') | map('replace', "'", "''") | join("', '") -%}
    {%- set example = "'" ~ column ~ "=', cast(" ~ column ~ " as " ~ text ~ "), ', ', " ~ row -%}
    {%- do rules.append(('accepted', column, 'where ' ~ column ~ " not in ('" ~ quoted ~ "')", example)) -%}
{%- endfor -%}
{%- for column, limits in ranges.items() -%}
    {%- set outside = [] -%}
    {%- if 'min' in limits -%}{%- do outside.append(column ~ ' < ' ~ limits.min) -%}{%- endif -%}
    {%- if 'max' in limits -%}{%- do outside.append(column ~ ' > ' ~ limits.max) -%}{%- endif -%}
    {%- set example = "'" ~ column ~ "=', cast(" ~ column ~ " as " ~ text ~ "), ', ', " ~ row -%}
    {%- do rules.append(('ranges', column, 'where ' ~ outside | join(' or '), example)) -%}
{%- endfor -%}
{%- for column, parent in parents.items() -%}
    {%- set known = column ~ ' in (select ' ~ column ~ ' from ' ~ parent ~ ' where ' ~ column ~ ' is not null)' -%}
    {%- do rules.append(('parents', column, 'where not ' ~ known, row)) -%}
{%- endfor -%}

{#- A table is read one column at a time, mostly from its statistics; a view is computed once for all rules. -#}
{%- set node = (graph.nodes or {}).get('model.' ~ project_name ~ '.' ~ name) -%}
{%- for what, expression in holds.items() -%}
    {%- set compared = [row] -%}
    {%- for column in (node.columns if node else {}).values()
        if column.data_type and column.data_type != 'varchar' and column.name in modules.re.findall('[a-z0-9_]+', expression) -%}
        {%- do compared.append("', " ~ column.name ~ "=', coalesce(cast(" ~ column.name ~ ' as ' ~ text ~ "), 'null')") -%}
    {%- endfor -%}
    {%- do rules.append(('holds', what, 'where not (' ~ expression ~ ')', compared | join(', '))) -%}
{%- endfor -%}
{%- set is_computed = node and node.config.materialized in ['view', 'ephemeral'] -%}
{#- With a `where`, or where it is ephemeral, a model has no schema here. -#}
{%- set is_guarded = (model.schema or 'pii').endswith(('pii', 'activation')) -%}
{% if is_computed -%}
with checked as (

    select * from {{ model }}

)

{% endif -%}
select
    rule,
    column_name,
    count(*) as failures,
    min(example) as example

from (
    {%- for rule, column, condition, example in rules %}
    select
        '{{ rule }}' as rule,
        '{{ column | replace("'", "''") }}' as column_name,
        {{ 'cast(null as ' ~ text ~ ')' if is_guarded else "concat_ws('', " ~ example ~ ')' }} as example
    from {{ 'checked' if is_computed else model }}
    {{ condition }}
    {{- ' union all' if not loop.last }}
    {%- endfor %}
) as broken
group by rule, column_name
{% endtest %}
