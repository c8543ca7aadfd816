{# What earlier builds recorded of every segment: its last version, fingerprint and status. Empty before the first build. It
   is no ref: whether a status may follow is judged before this build is recorded. Unit tests replace it. #}
{% macro segment_recorded_rows() -%}
    {%- set versions = adapter.get_relation(target.database, generate_schema_name('marts', none), 'segment_versions') if execute -%}
    {%- if not versions -%}
        select
            cast(null as {{ dbt.type_string() }}) as segment_key,
            cast(null as {{ dbt.type_string() }}) as status
        where 1 = 0
    {%- else -%}
        select
            segment_key,
            status
        from (
            select
                segment_key,
                status,
                row_number() over (partition by segment_key order by change_number desc) as recency_rank
            from {{ versions }}
        ) as ranked
        where recency_rank = 1
    {%- endif -%}
{%- endmacro %}

{# The conditions of a rule in plain words, one a line, each after what it is about: `include 1, days_since_last_order: days
   since last order is at least 120`. For the difference between two versions. #}
{% macro segment_rule_lines(segment) -%}
    {%- set lines = ['scope: ' ~ segment.scope] -%}
    {%- for kind in ['include', 'exclude'] -%}
        {%- for alternative, conditions in segment[kind].items() -%}
            {%- for condition in conditions -%}
                {%- do lines.append(
                    kind ~ ' ' ~ alternative ~ ', ' ~ condition.attribute ~ ': ' ~ segment_condition_text(condition)
                ) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(lines | unique(case_sensitive=true) | sort(case_sensitive=true) | join('\n')) }}
{%- endmacro %}

{# The first word of a name that says it was never meant to stay; '' when there is none. #}
{% macro segment_loose_word(name) -%}
    trim(regexp_extract(
        concat(' ', {{ regexp_replace_all(name, '[^a-z0-9]+', ' ') }}, ' '),
        ' (test|tests|testing|copy|final|temp|tmp|untitled|old|backup|v[0-9]+) ', 0
    ))
{%- endmacro %}
