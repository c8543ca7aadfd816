{# Fails for every range that ends before it starts, that overlaps the next one of its partition, or that breaks
   the rule on gaps: 'allowed', 'not_allowed' (each range starts where the last one ended) or 'required'. #}
{% test mutually_exclusive_ranges(
    model, lower_bound_column, upper_bound_column, partition_by=none, gaps='allowed', zero_length_range_allowed=false
) %}
    {%- set end_to_start = {'allowed': '<=', 'not_allowed': '=', 'required': '<'} -%}
    {%- if gaps not in end_to_start -%}
        {{ exceptions.raise_compiler_error("gaps is '" ~ gaps ~ "'; give allowed, not_allowed or required") }}
    {%- endif -%}
    {%- set partition = 'partition by ' ~ partition_by if partition_by else '' %}

with ranges as (

    select
        {% if partition_by %}{{ partition_by }} as range_partition,{% endif %}
        {{ lower_bound_column }} as lower_bound,
        {{ upper_bound_column }} as upper_bound,
        lead({{ lower_bound_column }}) over (
            {{ partition }} order by {{ lower_bound_column }}, {{ upper_bound_column }}
        ) as next_lower_bound,
        row_number() over (
            {{ partition }} order by {{ lower_bound_column }} desc, {{ upper_bound_column }} desc
        ) = 1 as is_last

    from {{ model }}

)

select *
from ranges
-- A null bound fails; the caller must coalesce an open end.
where not (
    coalesce(lower_bound {{ '<=' if zero_length_range_allowed else '<' }} upper_bound, false)
    and coalesce(upper_bound {{ end_to_start[gaps] }} next_lower_bound, is_last, false)
)

{% endtest %}
