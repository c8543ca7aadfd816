{# What the golden record consists of: each row of survivorship_rules, and the fields of the source map that it takes from
   one and the same record, so that nobody gets one person's first name with another's last, or a mixed address. #}
{% macro golden_units() -%}
    {{ return({
        'name': ['first_name', 'last_name'],
        'birth_date': ['birth_date'],
        'gender': ['gender'],
        'language': ['language'],
        'address': ['street', 'postcode', 'city', 'region', 'country'],
        'household': ['household'],
        'customer_number': ['customer_number'],
        'loyalty_number': ['loyalty_number'],
        'email': ['email'],
        'phone': ['phone']
    }) }}
{%- endmacro %}

{# All fields of the golden record. #}
{% macro golden_fields() -%}
    {{ return(golden_units().values() | sum(start=[])) }}
{%- endmacro %}

{% macro survivorship_rule_names() -%}
    {{ return(['trusted', 'most_recent', 'most_complete', 'most_frequent']) }}
{%- endmacro %}

{# The seed, one dict per row, cells as text without outer blanks. Empty before it is loaded; unit tests override it. #}
{% macro survivorship_rule_rows() -%}
    {{ return(seed_rows(ref('survivorship_rules'), ['field', 'rule', 'then_by', 'accuracy_weight'])) }}
{%- endmacro %}

{# Rows of a seed as dicts of text without outer blanks, in a fixed order; none before it is loaded. #}
{% macro seed_rows(seed, names, sorted=true) -%}
    {%- if not execute or not seed.schema or not load_relation(seed) -%}{{ return([]) }}{%- endif -%}
    {%- set rows = [] -%}
    {%- for line in run_query(
        'select ' ~ names | join(', ') ~ ' from ' ~ seed ~ (' order by ' ~ names | join(', ') if sorted else '')
    ).rows -%}
        {%- set row = {} -%}
        {%- for name in names -%}
            {%- do row.update({name: '' if line[name] is none else line[name] | string | trim}) -%}
        {%- endfor -%}
        {%- do rows.append(row) -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}

{# What is wrong with the rows of survivorship_rules: dicts of seed_name, row_text, reason, suggestion. #}
{% macro survivorship_faults(rows) -%}
    {%- set faults = [] -%}
    {%- set seen = [] -%}
    {%- set parts = {} -%}
    {%- for unit, fields in golden_units().items() -%}
        {%- for field in fields if field != unit -%}{%- do parts.update({field: unit}) -%}{%- endfor -%}
    {%- endfor -%}
    {%- set known_rules = survivorship_rule_names() | join(', ') -%}
    {%- for row in rows -%}
        {%- set found = [] -%}
        {%- if row.field in parts -%}
            {%- do found.append([row.field ~ ' has no rule of its own', 'write ' ~ parts[row.field] ~ ', of which it is a part']) -%}
        {%- elif row.field not in golden_units() -%}
            {%- do found.append(["no field '" ~ row.field ~ "'", 'there are ' ~ golden_units() | join(', ')]) -%}
        {%- elif row.field in seen -%}
            {%- do found.append([row.field ~ ' stands there twice', 'delete one row']) -%}
        {%- endif -%}
        {%- if row.rule not in survivorship_rule_names() -%}
            {%- do found.append(["rule is '" ~ row.rule ~ "'", 'there are ' ~ known_rules]) -%}
        {%- endif -%}
        {%- for name in row.then_by.split('|') if row.then_by and name | trim not in survivorship_rule_names() -%}
            {%- do found.append(["then_by names '" ~ name | trim ~ "'", 'there are ' ~ known_rules ~ ', joined by |']) -%}
        {%- endfor -%}
        {%- if not modules.re.match('^[0-9]+([.][0-9]+)?$', row.accuracy_weight | string) -%}
            {%- do found.append(["accuracy_weight is '" ~ row.accuracy_weight ~ "'", 'write a number, 1 for the usual weight, 0 for none']) -%}
        {%- endif -%}
        {%- do seen.append(row.field) -%}
        {%- for fault in found -%}
            {%- do faults.append({
                'seed_name': 'survivorship_rules', 'row_text': row.field or '(no field)', 'reason': fault[0], 'suggestion': fault[1]
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for unit in golden_units() if rows and unit not in seen -%}
        {%- do faults.append({
            'seed_name': 'survivorship_rules', 'row_text': unit, 'reason': 'has no row', 'suggestion': 'add one: ' ~ unit ~ ',trusted,most_recent,1,why'
        }) -%}
    {%- endfor -%}
    {{ return(faults) }}
{%- endmacro %}

{# Stops a model with the first faults of a seed, one line each. #}
{% macro stop_on_seed_faults(faults) -%}
    {%- if faults -%}
        {%- set lines = [faults[0].seed_name ~ ' has ' ~ faults | length ~ ' fault(s); mend the seed'] -%}
        {%- for fault in faults[:5] -%}
            {%- do lines.append(fault.row_text ~ ': ' ~ fault.reason ~ '; ' ~ fault.suggestion) -%}
        {%- endfor -%}
        {{ exceptions.raise_compiler_error(lines | join('\n    ')) }}
    {%- endif -%}
{%- endmacro %}
