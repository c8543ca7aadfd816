{# For every active segment, up to `limit` customers who just miss it, one row each (segment_key, customer_id, is_far):
   they fail one condition of the include alternative that they meet best, or meet one and are out by one exclude
   alternative. One pass over `features` per segment: customers near in value first, then the most valuable; reads
   `percentiles`. #}
{% macro segment_near_misses_sql(limit) -%}
    {%- set attributes = segment_attributes() -%}
    {%- for segment in segment_rules_to_evaluate() %}
    select segment_key, customer_id, is_far from (
        select
            {{ text_literal(segment.segment_key) }} as segment_key,
            features.customer_id,
            {{ segment_misses_far_sql(segment, attributes) }} as is_far
        from features
        where {{ segment_missed_conditions_sql(segment, attributes) }} = 1{{ " and features.customer_type = 'person'" if segment.scope != 'all' }}
        order by is_far, {{ segment_value_order() }}
        limit {{ limit }}
    ) as near_misses
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as {{ dbt.type_string() }}) as segment_key,
        features.customer_id,
        false as is_far
    from features
    where 1 = 0
    {%- endfor %}
{%- endmacro %}

{# How many conditions of the best include alternative a customer fails, plus the exclude alternatives that they meet.
   #}
{% macro segment_missed_conditions_sql(segment, attributes) -%}
    {%- set alternatives = [] -%}
    {%- for conditions in segment.include.values() -%}
        {%- set misses = [] -%}
        {%- for condition in conditions -%}
            {%- do misses.append('case when ' ~ segment_condition_sql(condition, attributes) ~ ' then 0 else 1 end') -%}
        {%- endfor -%}
        {%- do alternatives.append(misses | join(' + ')) -%}
    {%- endfor -%}
    {%- set best = 'least(' ~ alternatives | join(', ') ~ ')' if alternatives | length > 1 else alternatives[0] -%}
    {%- set parts = [best] -%}
    {%- for conditions in segment.exclude.values() -%}
        {%- do parts.append('case when ' ~ segment_alternative_sql(conditions, attributes) ~ ' then 1 else 0 end') -%}
    {%- endfor -%}
    {{ return('(' ~ parts | join(' + ') ~ ')') }}
{%- endmacro %}

{# Whether a customer who misses a segment by one condition misses it by far: no include alternative fails by only one
   condition whose number is within a quarter of the required value. A failed condition without a number counts as near.
   #}
{% macro segment_misses_far_sql(segment, attributes) -%}
    {%- set near = [] -%}
    {%- for conditions in segment.include.values() -%}
        {%- set distances = [] -%}
        {%- for condition in conditions -%}
            {%- set close = segment_condition_close_sql(condition, attributes) -%}
            {%- do distances.append(
                'case when ' ~ segment_condition_sql(condition, attributes) ~ ' then 0 '
                ~ ('when ' ~ close ~ ' then 1 else 2 end' if close else 'else 1 end')
            ) -%}
        {%- endfor -%}
        {%- do near.append(distances | join(' + ') ~ ' <= 1') -%}
    {%- endfor -%}
    {{ return('not (' ~ near | join(' or ') ~ ')') }}
{%- endmacro %}

{# Whether a number is within a quarter of what a condition requires, as SQL; none where it requires no number. #}
{% macro segment_condition_close_sql(condition, attributes) -%}
    {%- set operator = segment_operator(condition.operator) -%}
    {%- if condition.constant or operator.is_negated or operator.takes not in ('one', 'two')
        or attributes.get(condition.attribute, {}).get('value_type') != 'number' -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set column = segment_column(condition.attribute) -%}
    {%- set tests = [] -%}
    {%- for item in segment_condition_items(condition) -%}
        {%- set limit = segment_value_sql(condition, item, 'number', attributes) -%}
        {%- if operator.comparisons[loop.index0] in ('equals', 'above', 'at_least') -%}
            {%- do tests.append(column ~ ' >= ' ~ limit ~ ' - 0.25 * abs(' ~ limit ~ ')') -%}
        {%- endif -%}
        {%- if operator.comparisons[loop.index0] in ('equals', 'below', 'at_most') -%}
            {%- do tests.append(column ~ ' <= ' ~ limit ~ ' + 0.25 * abs(' ~ limit ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(tests | join(' and ')) }}
{%- endmacro %}

{# Order of customers in a sample: highest margin, then highest revenue; the key breaks ties. #}
{% macro segment_value_order() -%}
    coalesce(features.contribution_margin, 0) desc, coalesce(features.net_revenue, 0) desc, features.customer_id
{%- endmacro %}

{# The fitted model that an attribute of customer_features needs, by attribute: the attribute is only as good as its
   model. #}
{% macro segment_attribute_models() -%}
    {%- set models = {} -%}
    {%- set features = graph.nodes.get('model.' ~ project_name ~ '.customer_features') if execute else none -%}
    {%- for column in (features.columns.values() if features else []) -%}
        {%- set meta = column.get('config', {}).get('meta', {}) or column.get('meta', {}) -%}
        {%- if meta.get('needs_parameters') -%}{%- do models.update({column.name: meta.needs_parameters}) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(models) }}
{%- endmacro %}
