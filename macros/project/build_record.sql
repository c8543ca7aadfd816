{# The warehouse records each run of dbt that changes it, so that only whole builds are published and learnt from; the
   rule for "whole" is in scripts/platform/build_record.py. The table is no model: it has to be there before the first
   node runs, and say that a run began even if it is killed. Only on DuckDB: what other engines build is imported whole. #}
{% macro note_build_start() -%}
    {%- if execute and target.type == 'duckdb' and flags.WHICH in ['build', 'run', 'seed', 'retry', 'clone', 'snapshot'] -%}
        {%- call statement('build_record', auto_begin=true) -%}
        create schema if not exists builds;
        create table if not exists builds.build_record (
            build_id varchar, kind varchar, selection varchar, started_at timestamp, ended_at timestamp, outcome varchar,
            detail varchar, as_of_date date, code_checksum varchar, seeds_checksum varchar
        );
        insert into builds.build_record values (
            '{{ invocation_id }}', '{{ build_kind() }}', {{ dbt.string_literal(dbt.escape_single_quotes(build_selection())) }},
            timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}', null, 'running', null,
            date '{{ as_of_day() }}', '{{ nodes_checksum(["model", "test"]) }}', '{{ nodes_checksum(["seed"]) }}'
        );
        {%- endcall -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
{%- endmacro %}

{# Ends the record of this run; a failed `dbt test` of its own is recorded too, because the data it tested do not hold. #}
{% macro note_build_end(results) -%}
    {%- if execute and target.type == 'duckdb' -%}
        {%- set failed = [] -%}
        {%- for result in results if result.node.resource_type in ['model', 'seed', 'test', 'unit_test']
            and result.status | string in ['error', 'fail', 'runtime error', 'partial success', 'skipped'] -%}
            {%- do failed.append(result.node.name) -%}
        {%- endfor -%}
        {%- set named = (failed[:3] | join(', ')) ~ (' and ' ~ (failed | length - 3) ~ ' more' if failed | length > 3 else '') -%}
        {%- set outcome = 'failed' if failed else 'succeeded' -%}
        {%- set ended = modules.datetime.datetime.utcnow().strftime('%Y-%m-%d %H:%M:%S') -%}
        {%- if flags.WHICH in ['build', 'run', 'seed', 'retry', 'clone', 'snapshot'] -%}
            {%- set loads = adapter.get_relation(target.database, 'intake', 'files') -%}
            {%- set detail = "'" ~ named ~ "'" if failed
                else "(select 'up to load ' || max(load_id) from " ~ loads ~ ")" if loads else 'null' -%}
            {%- call statement('build_record', auto_begin=true) -%}
            update builds.build_record
            set ended_at = timestamp '{{ ended }}', outcome = '{{ outcome }}', detail = {{ detail }}
            where build_id = '{{ invocation_id }}'
            {%- endcall -%}
            {%- do adapter.commit() -%}
        {%- elif flags.WHICH == 'test' and failed and adapter.get_relation(target.database, 'builds', 'build_record') -%}
            {%- call statement('build_record', auto_begin=true) -%}
            insert into builds.build_record by name
            select
                '{{ invocation_id }}' as build_id, 'test' as kind, 'failed' as outcome, '{{ named }}' as detail,
                timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as started_at,
                timestamp '{{ ended }}' as ended_at
            {%- endcall -%}
            {%- do adapter.commit() -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# The kind of this run: what the scripts declare, `all` for a build of every seed, model and test, else `selection`. #}
{% macro build_kind() -%}
    {%- set declared = env_var('SEGMENTATION_BUILD_KIND', '') -%}
    {%- if declared -%}{{ return(declared) }}{%- endif -%}
    {%- if flags.WHICH != 'build' or flags.EMPTY or invocation_args_dict.get('sample') -%}{{ return('selection') }}{%- endif -%}
    {%- set chosen = {} -%}
    {%- for name in selected_resources -%}{%- do chosen.update({name: true}) -%}{%- endfor -%}
    {%- for node in graph.nodes.values() if node.resource_type in ['model', 'seed', 'test'] and node.unique_id not in chosen -%}
        {{ return('selection') }}
    {%- endfor -%}
    {{ return('all') }}
{%- endmacro %}

{# The command and its selection as the user would write them. #}
{% macro build_selection() -%}
    {%- set given = invocation_args_dict or {} -%}
    {%- set words = ['dbt', flags.WHICH] -%}
    {%- for option in ['select', 'exclude', 'resource_types'] if given.get(option) -%}
        {%- do words.append('--' ~ option ~ ' ' ~ ((given[option] | join(' ')) if given[option] is not string else given[option])) -%}
    {%- endfor -%}
    {{ return((words | join(' '))[:300]) }}
{%- endmacro %}

{# One hash over the files of all nodes of these kinds. #}
{% macro nodes_checksum(resource_types) -%}
    {%- set parts = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type in resource_types -%}
        {%- do parts.append(node.unique_id ~ ' ' ~ node.checksum.checksum) -%}
    {%- endfor -%}
    {{ return(local_md5(parts | sort | join('\n'))) }}
{%- endmacro %}
