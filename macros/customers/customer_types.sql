{# What kind of customer a rule may say somebody is; who falls under no rule is a person. #}
{% macro customer_types() -%}
    {{ return(['person', 'staff', 'wholesaler', 'relay', 'test']) }}
{%- endmacro %}

{# What a rule of customer_type_rules may look at, and what its value must be: word, domain, address, number or true. #}
{% macro customer_type_views() -%}
    {{ return({
        'crm_type': 'word', 'shop_tag': 'word', 'email_domain': 'domain', 'email_address': 'address',
        'marketplace_only': 'true', 'orders_365d': 'number', 'units_365d': 'number', 'net_revenue_365d': 'number'
    }) }}
{%- endmacro %}

{# The seed, one dict per row. Empty before it is loaded; unit tests override it. #}
{% macro customer_type_rule_rows() -%}
    {{ return(seed_rows(
        ref('customer_type_rules'), ['rule_key', 'customer_type', 'priority', 'looks_at', 'value', 'is_active']
    )) }}
{%- endmacro %}

{# What is wrong with the rows of customer_type_rules: dicts of seed_name, row_text, reason, suggestion. #}
{% macro customer_type_faults(rows) -%}
    {%- set faults = [] -%}
    {%- set seen = [] -%}
    {%- set type_of = {} -%}
    {%- set views = customer_type_views() -%}
    {%- set forms = {
        'word': ['[^|]+', 'write the word as it stands there'],
        'domain': ['[a-z0-9.-]+', 'write a domain such as staff.example.com, or its end; small letters, no @'],
        'address': ['[a-z0-9.@_+*-]*@[a-z0-9.@_+*-]*', 'write an address in small letters; * stands for any text, as in qa+*@*'],
        'number': ['[0-9]+([.][0-9]+)?', 'write the number from which on the rule holds'],
        'true': ['true', 'write true']
    } -%}
    {%- for row in rows -%}
        {%- set found = [] -%}
        {%- if not modules.re.match('^[a-z][a-z0-9_]*$', row.rule_key) -%}
            {%- do found.append(["rule_key is '" ~ row.rule_key ~ "'", 'write small letters joined by underscores']) -%}
        {%- elif row.rule_key in seen -%}
            {%- do found.append([row.rule_key ~ ' stands there twice', 'give every row a key of its own']) -%}
        {%- endif -%}
        {%- if row.customer_type not in customer_types() -%}
            {%- do found.append(["customer_type is '" ~ row.customer_type ~ "'", 'there are ' ~ customer_types() | join(', ')]) -%}
        {%- endif -%}
        {%- if not modules.re.match('^[1-9][0-9]?$', row.priority | string) -%}
            {%- do found.append(["priority is '" ~ row.priority ~ "'", 'write 1 for what comes first, 2 and so on']) -%}
        {%- elif type_of.setdefault(row.priority | string, row.customer_type) != row.customer_type -%}
            {%- do found.append([
                'priority ' ~ row.priority ~ ' stands for ' ~ type_of[row.priority | string] ~ ' and ' ~ row.customer_type,
                'give each type priorities of its own'
            ]) -%}
        {%- endif -%}
        {%- if row.is_active | string | lower not in ['true', 'false'] -%}
            {%- do found.append(["is_active is '" ~ row.is_active ~ "'", 'write true or false']) -%}
        {%- endif -%}
        {%- if row.looks_at not in views -%}
            {%- do found.append(["looks_at is '" ~ row.looks_at ~ "'", 'there are ' ~ views | join(', ')]) -%}
        {%- elif not modules.re.match('^(' ~ forms[views[row.looks_at]][0] ~ ')$', row.value | string | lower if row.looks_at == 'marketplace_only' else row.value | string) -%}
            {%- do found.append([row.looks_at ~ " cannot be '" ~ row.value ~ "'", forms[views[row.looks_at]][1]]) -%}
        {%- endif -%}
        {%- do seen.append(row.rule_key) -%}
        {%- for fault in found -%}
            {%- do faults.append({
                'seed_name': 'customer_type_rules', 'row_text': row.rule_key or '(no key)', 'reason': fault[0], 'suggestion': fault[1]
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(faults) }}
{%- endmacro %}

{# The active rules; a faulty seed stops the model. #}
{% macro active_customer_type_rules() -%}
    {%- set rows = customer_type_rule_rows() -%}
    {%- do stop_on_seed_faults(customer_type_faults(rows)) -%}
    {%- set active = [] -%}
    {%- for row in rows if row.is_active | string | lower == 'true' -%}{%- do active.append(row) -%}{%- endfor -%}
    {{ return(active) }}
{%- endmacro %}

{# The active rules in the form in which facts are held against them: a word that is like word_pattern (with ! before a
   % or _ that stands for itself), or a number of at_least. #}
{% macro customer_type_patterns() -%}
    {%- set rows = [] -%}
    {%- for row in active_customer_type_rules() -%}
        {%- set plain = row.value | string | lower | replace('!', '!!') | replace('%', '!%') | replace('_', '!_') -%}
        {%- set form = customer_type_views()[row.looks_at] -%}
        {%- set patterns = {
            'domain': ['%@' ~ plain, '%.' ~ plain], 'address': [plain | replace('*', '%')], 'number': [none]
        }.get(form, [plain]) -%}
        {%- for pattern in patterns -%}
            {%- do rows.append(dict(row, word_pattern=pattern, at_least=row.value if form == 'number' else none)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}
