{# The seeds whose cells are checked as their YAML declares, by the model that checks them; listed here because dbt
   has to know what a model reads before it knows the YAML. #}
{% macro checked_seeds() -%}
    {{ return({
        'int_seed_violations': [
            'attribute_bands', 'attribute_limits', 'campaign_plans', 'campaign_products', 'category_relations',
            'consent_rules', 'consent_signals',
            'cost_assumptions', 'customer_type_rules', 'loyalty_tiers', 'qa_limits', 'segment_operators', 'sentiment_words',
            'source_health_limits', 'source_map_fields', 'survivorship_rules', 'topic_keywords'
        ],
        'int_behaviour_window_errors': ['behaviour_windows'],
        'int_segment_cell_violations': ['segment_definitions', 'segment_rule_conditions']
    }) }}
{%- endmacro %}

{# What the YAML declares for checked seeds: by name, a dict of config and columns as written there. Unit tests override
   it with the YAML of the seeds that they are about. #}
{% macro seed_declarations() -%}
    {%- set declarations = {} -%}
    {%- for node in graph.get('nodes', {}).values() if node.resource_type == 'seed' and node.config.meta.get('row') -%}
        {%- if node.name not in checked_seeds().values() | sum(start=[]) -%}
            {{ exceptions.raise_compiler_error(node.name ~ ' declares what its cells may hold; list it in checked_seeds()') }}
        {%- endif -%}
        {%- do declarations.update({node.name: {'config': node.config, 'columns': node.columns.values() | list}}) -%}
    {%- endfor -%}
    {{ return(declarations) }}
{%- endmacro %}

{# All violations in the seeds that a model checks. #}
{% macro seed_violations_of(model_name) -%}
    {%- set declarations = seed_declarations() if execute else {} -%}
    {%- set selects = [] -%}
    {%- for name in checked_seeds()[model_name] if not execute or name in declarations -%}
        {%- do selects.append(seed_violations(name, declarations[name]) if execute else 'select * from ' ~ ref(name)) -%}
    {%- endfor -%}
    {{ union_all(selects) }}
{%- endmacro %}

{# Every violation in a seed, as a select of seed_name, row_text, reason, suggestion and is_structural (an error even if
   the segment that it is about is not active). All cells are text, without outer blanks. `config: meta:` of the seed has
     row      the name of a row, such as `{channel}, {purpose}`; unnamed: its name when that is empty
     rules    {holds, reason, suggestion}: SQL over the cells that holds in every row
     unique   {by, reason, suggestion}: SQL whose value no two rows share; by default the name of the row
     same     {column, per, reason, suggestion}: rows with the same `per` (without it, all rows) share one of the accepted
              values; {least}, {most}
     needed   {rows, reason, suggestion}: rows that must exist, `unless_empty`; {unknown, cure}: the reason and suggestion
              for any other row
   and that of a column
     lower            case is ignored
     required, fill   it must not be empty; the suggestion if it is; empty: the reason if it is
     accepted         the accepted values; or pattern: a regular expression; or type: key, number, whole_number, day
     from, to         smallest and largest number; decimals: the largest number of decimal places (4)
     list             it holds several such values, joined by |
     reason, write    the reason for any other value, and the suggestion; choices: without `write`, the words before
                      the list of accepted values
   Each may have `structural: true`. Texts name cells as {column}; {value} is the wrong one, {count} the number of rows. #}
{% macro seed_violations(name, declaration) -%}
    {%- set meta = declaration.config.meta -%}
    {%- set selects = [] -%}
    {%- for column in declaration.columns -%}
        {%- set check = (column.get('config') or {}).get('meta') or {} -%}
        {%- if check.required -%}
            {%- do selects.append(seed_fault(
                {
                    'reason': check.empty or 'the column ' ~ column.name ~ ' is empty', 'structural': check.structural,
                    'suggestion': check.fill or (check.choices ~ ' ' ~ check.accepted | join(', ') if check.choices else 'fill it in')
                },
                column.name ~ " = ''"
            )) -%}
        {%- endif -%}
        {%- if check.accepted or check.pattern or check.type -%}{%- do selects.append(seed_cell_violations(column.name, check)) -%}{%- endif -%}
    {%- endfor -%}
    {%- for rule in meta.rules or [] -%}
        {%- do selects.append(seed_fault(rule, 'not coalesce(' ~ rule.holds ~ ', true)')) -%}
    {%- endfor -%}
    {%- for rule in meta.unique or [] -%}
        {%- do selects.append(seed_fault(
            dict({'reason': 'it is listed twice', 'suggestion': 'delete one of the rows'}, **rule), 'row_count > 1',
            '(select *, count(*) over (partition by ' ~ (rule.by or 'row_text') ~ ') as row_count from cells) as counted'
        )) -%}
    {%- endfor -%}
    {%- for rule in meta.same or [] -%}
        {%- set accepted = declaration.columns | selectattr('name', 'equalto', rule.column) | map(attribute='config') | map(attribute='meta') | map(attribute='accepted') | first -%}
        {#- A value that is not accepted is reported separately. -#}
        {%- set known = rule.column ~ " in ('" ~ accepted | join("', '") ~ "')" -%}
        {%- set value = '(case when ' ~ known ~ ' then ' ~ rule.column ~ ' end) over (partition by ' ~ (rule.per or '1') ~ ')' -%}
        {%- do selects.append(seed_fault(
            rule, 'least <> most and ' ~ known, '(select *, min' ~ value ~ ' as least, max' ~ value ~ ' as most from cells) as compared'
        )) -%}
    {%- endfor -%}
    {%- if meta.needed -%}
        {%- set rows = "(values ('" ~ meta.needed.rows | join("'), ('") ~ "')) as needed (row_text)" -%}
        {%- do selects.append(seed_fault(
            meta.needed,
            'row_text not in (select row_text from cells)' ~ (' and exists (select 1 from cells)' if meta.needed.unless_empty else ''), rows
        )) -%}
        {%- if meta.needed.unknown -%}
            {%- do selects.append(seed_fault(
                {'reason': meta.needed.unknown, 'suggestion': meta.needed.cure}, 'row_text not in (select row_text from ' ~ rows ~ ')'
            )) -%}
        {%- endif -%}
    {%- endif -%}
    {%- set cells = [] -%}
    {%- for column in declaration.columns -%}
        {%- set cell = 'trim(coalesce(' ~ exact_text(column.name) ~ ", ''))" -%}
        {%- set check = (column.get('config') or {}).get('meta') or {} -%}
        {%- do cells.append(('lower(' ~ cell ~ ')' if check.lower else cell) ~ ' as ' ~ column.name) -%}
    {%- endfor -%}
    select distinct '{{ name }}' as seed_name, violations.* from (
        with cells as (
            select *, coalesce(nullif(trim({{ seed_text(meta.row) }}), ''), '{{ meta.unnamed or '(no key)' }}') as row_text
            from (select {{ cells | join(', ') }} from {{ ref(name) }}) as trimmed
        )
        {{ union_all(selects) }}
    ) as violations
{%- endmacro %}

{# One kind of violation as a select over the cells of a seed, or over a relation derived from them. #}
{% macro seed_fault(rule, found, relation='cells') -%}
    {{ return(
        'select row_text, ' ~ seed_text(rule.reason) ~ ' as reason, ' ~ seed_text(rule.suggestion) ~ ' as suggestion, '
        ~ ('true' if rule.structural else 'false') ~ ' as is_structural from ' ~ relation ~ ' where ' ~ found
    ) }}
{%- endmacro %}

{# The cells of a column whose values are not as declared, with the nearest of the accepted values. #}
{% macro seed_cell_violations(name, check) -%}
    {%- set given = '(select *, ' ~ (split_to_rows(trimmed_items(name)) if check.list else name) ~ ' as given_value from cells where '
        ~ name ~ " <> '') as given" -%}
    {%- set rule = {
        'reason': (check.reason or name ~ (' names' if check.list else ' is') ~ ' `{value}`') | replace('{value}', '{given_value}'),
        'suggestion': check.write, 'structural': check.structural
    } -%}
    {%- if check.write -%}{{ return(seed_fault(rule, 'not ' ~ seed_value_test(check), given)) }}{%- endif -%}
    {%- set distance = modules.re.sub('\\s+', ' ', name_distance('lower(given_value)', 'choice')) -%}
    {%- set near = 'min(' ~ distance ~ ') <= 0.4 * length(given_value)' -%}
    {%- set quote = "''" if "'{value}'" in (check.reason or '') else '`' -%}
    {%- set nearest = "concat_ws('', 'did you mean " ~ quote ~ "', " ~ modules.re.sub('\\s+', ' ', nearest_name('lower(given_value)', 'choice')) ~ ", '" ~ quote ~ "? ')" -%}
    {%- set all = "'" ~ (check.choices or 'write one of') ~ ' ' ~ check.accepted | join(', ') ~ (', joined by |' if check.list else '') ~ "'" -%}
    {{ return(
        'select row_text, ' ~ seed_text(rule.reason) ~ " as reason, concat_ws('', case when " ~ near ~ ' then ' ~ nearest ~ ' end, '
        ~ all ~ ') as suggestion, ' ~ ('true' if rule.structural else 'false') ~ ' as is_structural from ' ~ given ~ " cross join (values ('" ~ check.accepted | join("'), ('")
        ~ "')) as choices (choice) where not " ~ seed_value_test(check) ~ ' group by row_text, given_value'
    ) }}
{%- endmacro %}

{# Whether given_value is allowed in a column, as SQL; never null. #}
{% macro seed_value_test(check) -%}
    {%- if check.accepted -%}{{ return("given_value in ('" ~ check.accepted | join("', '") ~ "')") }}{%- endif -%}
    {%- set pattern = check.pattern or {
        'key': '^[a-z][a-z0-9_]{1,59}$', 'day': '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', 'whole_number': '^[0-9]{1,9}$',
        'number': '^[+-]?[0-9]{1,14}([.][0-9]{1,' ~ (check.decimals or 4) ~ '})?$'
    }[check.type] -%}
    {%- set tests = [regexp_keep('given_value', pattern) ~ " <> ''"] -%}
    {%- do tests.append(is_calendar_day('given_value')) if check.type == 'day' -%}
    {%- do tests.append("try_cast(given_value as double) >= " ~ check['from']) if check['from'] is defined -%}
    {%- do tests.append("try_cast(given_value as double) <= " ~ check.to) if check.to is defined -%}
    {{ return('coalesce(' ~ tests | join(' and ') ~ ', false)') }}
{%- endmacro %}

{# A text that names cells as {column}, as SQL. #}
{% macro seed_text(text) -%}
    {%- set parts = [] -%}
    {%- for part in modules.re.split('[{]([a-z_0-9]+)[}]', text) -%}
        {%- if loop.index is even -%}
            {%- do parts.append('cast(row_count as ' ~ dbt.type_string() ~ ')' if part == 'count' else part) -%}
        {%- elif part -%}
            {%- do parts.append(text_literal(part)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(parts[0] if parts | length == 1 else "concat_ws('', " ~ parts | join(', ') ~ ')') }}
{%- endmacro %}

{# Stops a model with the first violations in the seeds that it relies on, one line each. #}
{% macro stop_on_seed_violations(names) -%}
    {%- for name in names -%}{%- do stop_on_violations(name, seed_violation_rows(name)) -%}{%- endfor -%}
{%- endmacro %}

{# The violations in a seed as it is loaded now, whatever else was built: seed_name, row_text, reason, suggestion. None for
   the fixture of a unit test, for which nothing is declared. Models of a run share one query. #}
{% macro seed_violation_rows(name) -%}
    {%- set declaration = seed_declarations().get(name) if execute -%}
    {%- if execute and not declaration -%}{{ return([]) }}{%- endif -%}
    {%- set seed = ref(name) -%}
    {%- if not execute or not load_relation(seed) -%}{{ return([]) }}{%- endif -%}
    {%- set memory = run_memory('seed_violations') -%}
    {%- if name not in memory -%}
        {%- do memory.update({name: run_query(seed_violations(name, declaration) ~ ' order by row_text, reason').rows}) -%}
    {%- endif -%}
    {{ return(memory[name]) }}
{%- endmacro %}

{# Stops a model if there are violations in a seed. #}
{% macro stop_on_violations(name, found) -%}
    {%- do stop_with_errors(name ~ ' has {count} error(s); fix the seed', found) -%}
{%- endmacro %}
