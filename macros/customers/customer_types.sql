{# The inputs that a rule of customer_type_rules may use, and the form of its value: word, domain, address, number or
   true. #}
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

{# The active rules; an invalid seed stops the model. #}
{% macro active_customer_type_rules() -%}
    {%- set rows = customer_type_rule_rows() -%}
    {%- do stop_on_seed_violations(['customer_type_rules']) -%}
    {%- set active = [] -%}
    {%- for row in rows if row.is_active | string | lower == 'true' -%}{%- do active.append(row) -%}{%- endfor -%}
    {{ return(active) }}
{%- endmacro %}

{# The active rules in the form in which facts are compared with them: a word that is like word_pattern (with ! before a
   literal % or _), or a number that is at least at_least. #}
{% macro customer_type_patterns() -%}
    {%- set rows = [] -%}
    {%- for row in active_customer_type_rules() -%}
        {%- set plain = row.value | string | lower | replace('!', '!!') | replace('%', '!%') | replace('_', '!_') -%}
        {%- set form = customer_type_views()[row.looks_at] -%}
        {%- set patterns = {
            'domain': ['%@' ~ plain, '%.' ~ plain], 'address': [plain | replace('*', '%')], 'number': [none]
        }.get(form, [plain]) -%}
        {%- for pattern in patterns -%}
            {%- do rows.append(dict(
                row, priority=row.priority | int, word_pattern=pattern, at_least=row.value if form == 'number' else none
            )) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}
