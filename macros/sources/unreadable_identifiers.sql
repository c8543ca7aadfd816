{# One row per source and kind of identifier (email, phone, number) that its records of people show: how many values there
   are, how many of them cannot be read and so identify nobody, how many of these look like hashes, and one of them,
   masked. Numbers are those of accounts and cards; one that is a placeholder identifies nobody either. #}
{% macro unreadable_identifiers() -%}
    {%- set text = dbt.type_string() -%}
    {%- set types = ['email', 'phone', 'customer_number', 'loyalty_number', 'shop_customer_id'] -%}
    {#- Named before the models run, since the patterns of placeholders are read from it. -#}
    {%- do ref('blocked_identifiers') -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set selects = [] -%}
    {%- for table in delivered_tables() if table.config.meta.switch != 'always' -%}
        {%- set personal = table.config.meta.personal or {} -%}
        {%- set present = delivered_columns(raw_relation(table), table) -%}
        {%- set of_people = 'email' in personal.values() or 'phone' in personal.values() -%}
        {%- for name, type in personal.items() if of_people and type in types and name in present -%}
            {%- set country = table.config.meta.phone_country if type == 'phone' -%}
            {%- set country = country if country in present -%}
            {%- set columns = quoted_list([name, country] if country else [name]) -%}
            {%- set shown = 'nullif(trim(cast(' ~ adapter.quote(name) ~ ' as ' ~ text ~ ")), '')" -%}
            {%- do selects.append(
                "select cast('" ~ table.source_name ~ "' as " ~ text ~ ") as source, cast('"
                ~ (type if type in ('email', 'phone') else 'number') ~ "' as " ~ text ~ ') as identifier_type, shown_value, '
                ~ 'case when ' ~ is_unreadable(type, 'shown_value', 'country' if country)
                ~ (' or ' ~ is_placeholder(type, 'shown_value') if type not in ('email', 'phone'))
                ~ ' then shown_value end as unreadable_value from (select distinct ' ~ shown ~ ' as shown_value'
                ~ (', ' ~ adapter.quote(country) ~ ' as country' if country) ~ ' from ' ~ raw_relation(table)
                ~ ") as delivered where shown_value is not null and shown_value not like 'erased-%'"
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do selects.append(literal_rows({
        'source': text, 'identifier_type': text, 'shown_value': text, 'unreadable_value': text
    }, [])) -%}
    select
        source,
        identifier_type,
        count(*) as value_count,
        count(unreadable_value) as unreadable_count,
        count(case when {{ looks_hashed('unreadable_value') }} then 1 end) as hashed_count,
        min({{ masked('unreadable_value') }}) as example
    from ({{ union_all(selects) }}) as identifiers
    group by source, identifier_type
{%- endmacro %}

{# Whether a delivered identifier has nothing that it could be compared by. #}
{% macro is_unreadable(identifier_type, value, country=none) -%}
    {{ normalise_email(value) if identifier_type == 'email' else normalise_phone(value, country=country)
        if identifier_type == 'phone' else normalise_number(value) }} is null
{%- endmacro %}

{# Whether a value is a hash, in hexadecimal digits or in base 64. #}
{% macro looks_hashed(value) -%}
    ({{ regexp_keep('lower(' ~ value ~ ')', '^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$') }} <> ''
        or {{ regexp_keep(value, '^[A-Za-z0-9+/]{22,86}={1,2}$') }} <> '')
{%- endmacro %}

{# A value of which only the first and the last character and its length can be read. #}
{% macro masked(value) -%}
    case when {{ value }} is not null then concat_ws(
        '', substr({{ value }}, 1, 1), '…', case when length({{ value }}) > 4 then substr({{ value }}, length({{ value }}), 1) end,
        ' (', cast(length({{ value }}) as {{ dbt.type_string() }}), case when length({{ value }}) = 1 then ' character)' else ' characters)' end
    ) end
{%- endmacro %}
