{# What earlier builds recorded for every segment: its last change (number, version, fingerprint, status), the newest
   day recorded for any segment, and its last size. Empty before the first build. Not refs: changes are found by
   comparison with the state before this build. Unit tests replace it. #}
{% macro segment_recorded_rows() -%}
    {%- set schema = generate_schema_name('marts', none) -%}
    {%- set versions = adapter.get_relation(target.database, schema, 'segment_versions') if execute -%}
    {%- set sizes = adapter.get_relation(target.database, schema, 'segment_sizes') if execute -%}
    {%- if not versions -%}
        select
            cast(null as {{ dbt.type_string() }}) as segment_key,
            cast(null as integer) as change_number,
            cast(null as integer) as rule_version,
            cast(null as {{ dbt.type_string() }}) as rule_fingerprint,
            cast(null as {{ dbt.type_string() }}) as status,
            cast(null as date) as newest_day,
            cast(null as bigint) as customer_count
        where 1 = 0
    {%- else -%}
        select
            ranked.segment_key,
            ranked.change_number,
            ranked.rule_version,
            ranked.rule_fingerprint,
            ranked.status,
            ranked.newest_day,
            {{ 'sizes.customer_count' if sizes else 'cast(null as bigint) as customer_count' }}
        from (
            select
                *,
                max(effective_from) over () as newest_day,
                row_number() over (partition by segment_key order by change_number desc) as recency_rank
            from {{ versions }}
        ) as ranked
        {%- if sizes %}
        left join (
            select
                segment_key,
                max_by(customer_count, as_of_date) filter (where customer_count is not null) as customer_count
            from {{ sizes }}
            group by segment_key
        ) as sizes
            on ranked.segment_key = sizes.segment_key
        {%- endif %}
        where ranked.recency_rank = 1
    {%- endif -%}
{%- endmacro %}

{# The conditions of a rule in plain words, one a line, each prefixed by its topic: `include 1, days_since_last_order:
   no order in the last 120 days`. For comparing two versions. #}
{% macro segment_rule_lines(segment) -%}
    {%- set lines = ['scope: ' ~ segment.scope] -%}
    {%- for kind in ['include', 'exclude'] -%}
        {%- for alternative, conditions in segment[kind].items() -%}
            {%- for condition in conditions -%}
                {%- do lines.append(segment_condition_line(condition)) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {#- What the rule depends on besides its own rows. -#}
    {%- for name, meaning in (segment.windows or {}).items() -%}
        {%- do lines.append('window ' ~ name ~ ': ' ~ segment_attribute_text(name) ~ ' counts ' ~ segment_window_words(meaning)) -%}
    {%- endfor -%}
    {%- for key, fingerprint in (segment.referenced_fingerprints or {}).items() -%}
        {%- do lines.append('segment ' ~ key ~ ': the rule of segment ' ~ key ~ ' (' ~ fingerprint[:8] ~ ')') -%}
    {%- endfor -%}
    {{ return(lines | unique(case_sensitive=true) | sort(case_sensitive=true) | join('\n')) }}
{%- endmacro %}

{# A condition with its topic, as a line of segment_rule_lines(). #}
{% macro segment_condition_line(condition) -%}
    {{ return(
        condition.kind ~ ' ' ~ condition.alternative ~ ', ' ~ condition.attribute ~ ': ' ~ segment_condition_text(condition)
    ) }}
{%- endmacro %}

{# The lines of every version of a rule that is compared with another one, as dicts of segment_key, rule_version, line.
   Conditions are worded by this build: those recorded by an earlier release may be worded differently, and two wordings
   of one condition are no change. #}
{% macro segment_compared_lines() -%}
    {%- set pairs, versions = ref('int_segment_version_pairs'), ref('segment_versions') -%}
    {%- set known, lines = segment_attributes(), [] -%}
    {%- if not execute or not load_relation(pairs) or not load_relation(versions) -%}{{ return([]) }}{%- endif -%}
    {%- set found = run_query(
        "select versions.segment_key, versions.rule_version, max(versions.conditions) as conditions, max(versions.rule_rows)"
        ~ " as rule_rows from " ~ versions ~ " as versions inner join " ~ pairs ~ " as pairs"
        ~ " on versions.segment_key = pairs.segment_key and versions.rule_version in (pairs.from_version, pairs.to_version)"
        ~ " group by versions.segment_key, versions.rule_version order by versions.segment_key, versions.rule_version"
    ) -%}
    {%- for segment_key, rule_version, recorded, rule in found.rows -%}
        {%- for line in segment_version_lines(recorded, rule, known) -%}
            {%- do lines.append({'segment_key': segment_key, 'rule_version': rule_version, 'line': line}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(lines) }}
{%- endmacro %}

{# The lines of one version, from those recorded and, where it has them, its conditions as JSON. #}
{% macro segment_version_lines(recorded, rule, known) -%}
    {%- set lines = [] -%}
    {%- for line in (recorded or '').split('\n') -%}
        {%- set is_condition = line.startswith('include ') or line.startswith('exclude ') -%}
        {%- do lines.append(line) if line and not (rule and is_condition) -%}
    {%- endfor -%}
    {%- for cells in (fromjson(rule).rows if rule else []) -%}
        {%- set names = ['kind', 'alternative', 'attribute', 'operator', 'value', 'if_missing'] -%}
        {%- do lines.append(segment_condition_line(segment_known_condition(dict(zip(names, cells)), known))) -%}
    {%- endfor -%}
    {{ return(lines) }}
{%- endmacro %}

{# The scope and conditions of a rule as JSON, from which it can be evaluated for the days on which it was in force. #}
{% macro segment_rule_as_json(segment) -%}
    {%- set rows = [] -%}
    {%- for kind in ['include', 'exclude'] -%}
        {%- for conditions in segment[kind].values() -%}
            {%- for condition in conditions -%}
                {%- do rows.append([
                    kind, condition.alternative, condition.attribute, condition.operator, condition.value, condition.if_missing
                ]) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(tojson({'scope': segment.scope, 'rows': rows})) }}
{%- endmacro %}

{# What an event window counts, in words, from its meaning [event, filters, measure, days]. #}
{% macro segment_window_words(meaning) -%}
    {%- set parts = fromjson(meaning, []) -%}
    {%- if parts is string or parts | length != 4 -%}{{ return(meaning) }}{%- endif -%}
    {{ return(
        parts[0] | replace('_', ' ') ~ (' where ' ~ parts[1] | join(' and ') if parts[1] else '')
        ~ ' (' ~ parts[2] ~ ') in ' ~ parts[3] ~ ' days'
    ) }}
{%- endmacro %}

{# The first word of a name that marks it as temporary; '' when there is none. #}
{% macro segment_loose_word(name) -%}
    trim(regexp_extract(
        concat_ws('', ' ', {{ regexp_replace_all(name, '[^a-z0-9]+', ' ') }}, ' '),
        ' (test|tests|testing|copy|final|temp|tmp|untitled|backup|v[0-9]+) ', 0
    ))
{%- endmacro %}
