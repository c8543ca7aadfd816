{# One row per source table: how many rows it has, how many of them became known, or happened, after as_of_date, and the
   newest of these. What is dated later than today is a slip, and judged by the rules. One scan per raw table. #}
{% macro source_tables_later() -%}
    {%- if not execute -%}{{ return('select 1 as placeholder') }}{%- endif -%}
    {%- set tomorrow = run_started_at + modules.datetime.timedelta(days=1) -%}
    {%- set tomorrow = "cast('" ~ tomorrow.strftime('%Y-%m-%d %H:%M:%S') ~ "' as " ~ dbt.type_timestamp() ~ ')' -%}
    {%- set text = dbt.type_string() -%}
    {%- set selects = [] -%}
    {%- for table in delivered_tables() if table.config.meta.switch != 'always' -%}
        {%- set relation = raw_relation(table) -%}
        {%- set present = delivered_columns(relation, table) -%}
        {%- if present -%}
            {%- do selects.append(
                "select cast('" ~ table.source_name ~ "' as " ~ text ~ ") as source, count(*) as row_count,"
                ~ " count(case when known_at >= " ~ as_of_end() ~ " then 1 end) as later_known_count,"
                ~ " count(case when event_at >= " ~ as_of_end() ~ " and event_at < " ~ tomorrow ~ " then 1 end) as later_count,"
                ~ " max(known_at) as newest_known_at, max(case when event_at < " ~ tomorrow ~ " then event_at end) as newest_at"
                ~ " from (select " ~ source_known_at(table, present) ~ " as known_at, " ~ source_event_at(table, present)
                ~ " as event_at from " ~ relation ~ ") as versions"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do selects.append(literal_rows({
        'source': text, 'row_count': 'bigint', 'later_known_count': 'bigint', 'later_count': 'bigint',
        'newest_known_at': dbt.type_timestamp(), 'newest_at': dbt.type_timestamp()
    }, [])) -%}
    {{ return(selects | join('\n    union all\n    ')) }}
{%- endmacro %}

{# What may make the results of a build empty or doubtful, as dicts: key, severity, subject and value (SQL), `when` it
   holds, and note: a sentence in which {column} stands for a column of the model's CTE `of_all`, `of_sources` or
   `of_identifiers`. #}
{% macro build_statements() -%}
    {%- set day = as_of_day() -%}
    {%- set own = run_setting('kind') == 'own' -%}
    {%- set today = run_started_at.astimezone(modules.pytz.timezone(business_timezone())).strftime('%Y-%m-%d') -%}
    {%- set currency = reporting_currency() -%}
    {%- set is_default = 'reporting_currency' not in landing_settings() and var('reporting_currency', none) is none -%}
    {%- set silent = undelivered_sources() -%}
    {%- set is_stated = {'found': false} -%}
    {%- for source_name in silent if ('using_' ~ source_name) in landing_settings() or var('using_' ~ source_name, none) is not none -%}
        {%- do is_stated.update({'found': true}) -%}
    {%- endfor -%}
    {{ return({'of_all': [
        {'key': 'everything is later', 'severity': 'fail', 'value': 'row_count',
            'when': 'row_count > 0 and later_known_count = row_count',
            'note': 'All {row_count} rows that were delivered became known after ' ~ day ~ ', the day of this build, the newest on '
                ~ '{newest_known_date}: set as_of_date to {newest_known_date} and build again'},
        {'key': 'day to come', 'severity': 'warn', 'value': 'cast(null as bigint)', 'when': 'true' if own and day > today else 'false',
            'note': 'as_of_date is ' ~ day ~ ', a day to come: every customer looks as inactive as they would be by then; correct as_of_date'},
        {'key': 'undelivered sources', 'severity': 'warn' if is_stated.found else 'ok', 'value': text_literal(silent | join('|')),
            'when': 'true' if silent else 'false',
            'note': silent | join(', ') ~ (' is' if silent | length == 1 else ' are') ~ ' switched on but delivered nothing yet: '
                ~ 'nothing that depends on ' ~ ('it' if silent | length == 1 else 'them') ~ ' can be computed'},
        {'key': 'reconstructed history', 'severity': 'ok', 'value': 'reconstructed_count', 'when': 'reconstructed_count > 0',
            'note': '{reconstructed_count} rows of the first load had no timestamp of their source and count as known from the day they '
                ~ 'happened: this history is reconstructed, and past days know more than was known then'},
        {'key': 'no orders', 'severity': 'fail', 'value': 'held_count', 'when': 'order_count = 0 and held_count > 0',
            'note': 'There is no order: {held_count} records are held back, most often because {held_reason}; {held_hint}'
                ~ (', or set reporting_currency' if is_default else '')},
        {'key': 'no sales', 'severity': 'warn', 'value': 'order_count', 'when': 'order_count > 0 and counted_count = 0',
            'note': 'None of {order_count} orders counts as a sale, most often because: {not_counted_reason}; check the status '
                ~ 'columns of the order source, and that the lines of its orders were delivered'},
        {'key': 'orders without customer', 'severity': 'warn', 'value': 'order_count',
            'when': 'order_count > 0 and customer_order_count = 0',
            'note': 'None of {order_count} orders names a known customer, so nobody bought anything: deliver the customers whose '
                ~ 'accounts the orders name, or an e-mail address or a phone number with the orders'},
        {'key': 'other currency', 'severity': 'warn', 'value': 'order_count',
            'when': "order_currency_count = 1 and order_currency <> '" ~ currency ~ "'" if own else 'false',
            'note': 'All {order_count} orders are in {order_currency}, but amounts are in ' ~ currency ~ ': set reporting_currency to '
                ~ '{order_currency} if that is the currency of the business'},
        {'key': 'no catalogue', 'severity': 'warn', 'value': 'line_count', 'when': 'line_count > 0 and product_count = 0',
            'note': 'No product catalogue was delivered (products/product): categories and costs of goods are not known, and '
                ~ 'neither are margins'},
        {'key': 'other products', 'severity': 'warn', 'value': 'line_count',
            'when': 'line_count > 0 and product_count > 0 and catalogue_line_count = 0',
            'note': 'None of {line_count} order lines has a sku of the catalogue: compare the sku of products/product with that of '
                ~ 'the orders'},
        {'key': 'no costs of goods', 'severity': 'warn', 'value': 'line_count',
            'when': 'catalogue_line_count > 0 and costed_line_count = 0',
            'note': 'No product sold has a unit_cost in products/product: the cost of goods is not known, and neither are margins'},
        {'key': 'few costs of goods', 'severity': 'warn', 'value': 'known_cost_percent',
            'when': 'costed_line_count > 0 and known_cost_percent < 100 * ' ~ least_cost_coverage(),
            'note': 'The cost of goods is known for only {known_cost_percent} % of sales, so margins are not known: deliver '
                ~ 'unit_cost in products/product for what was sold'},
        {'key': 'missing costs', 'severity': 'warn', 'value': 'missing_cost_count', 'when': 'missing_cost_count > 0',
            'note': 'cost_assumptions.csv has no row for {missing_cost_count} kinds of cost that happened, such as {missing_cost}: margins '
                ~ 'are too high; missing_costs lists them'},
        {'key': 'example costs', 'severity': 'warn', 'value': 'cast(null as bigint)',
            'when': 'order_count > 0 and is_example_cost' if own and not var('costs_confirmed') else 'false',
            'note': 'Margins assume the costs of the example that ships, as amounts in ' ~ currency ~ ': 3.80 to ship an order '
                ~ 'online, 0.20 and 1.8 % for its payment, 13 % to a marketplace, 2.90 for a returned line, 4.50 for a ticket; put '
                ~ 'yours into cost_assumptions.csv, or set costs_confirmed to true'},
        {'key': 'example limits', 'severity': 'ok', 'value': 'cast(null as bigint)',
            'when': 'order_count > 0 and is_example_limit' if own and not var('limits_confirmed') else 'false',
            'note': 'Limits are those of the example that ships: a customer has lapsed after 180 days without an order, a cart is '
                ~ 'abandoned after 24 hours, a promoter scores 9 or more; put yours into attribute_limits.csv, or set '
                ~ 'limits_confirmed to true'},
        {'key': 'no people', 'severity': 'warn', 'value': 'customer_count', 'when': 'customer_count > 0 and person_count = 0',
            'note': 'All {customer_count} customers are of a type that segments of people leave out, most of them {customer_type}: check '
                ~ 'customer_type_rules.csv'},
        {'key': 'no permission', 'severity': 'warn', 'value': 'customer_count',
            'when': 'customer_count > 0 and permitted_count = 0',
            'note': 'None of {customer_count} customers may be contacted by e-mail or text message, because no permission was '
                ~ 'delivered: unknown consent is no consent; deliver consent/consent_event'}
    ], 'of_sources': [
        {'key': 'later', 'severity': 'warn', 'value': 'row_count',
            'when': 'row_count > 0 and later_known_count = row_count and not is_everything_later',
            'note': 'All {row_count} rows of {source} became known after ' ~ day ~ ', the newest on {newest_known_date}, and none of '
                ~ 'them counts: build for that day, or correct their timestamps'},
        {'key': 'some later', 'severity': 'warn', 'value': 'later_count',
            'when': 'later_count > 0 and later_known_count < row_count and newest_date > ' ~ dbt.dateadd('day', 1, as_of_date()),
            'note': '{later_count} of {row_count} rows of {source} happened after ' ~ day ~ ', the newest on {newest_date}, and do not '
                ~ 'count: set as_of_date to that day, or delete it from the settings'},
        {'key': 'midnight', 'severity': 'warn', 'value': 'order_count', 'when': 'order_count >= 5 and midnight_count = order_count',
            'note': 'All {order_count} orders of {source} are at midnight: only their day is known, so hours and habits by time of day '
                ~ 'mean nothing{shifted}'}
    ], 'of_identifiers': statements_about_identifiers()}) }}
{%- endmacro %}

{# Statements as a select from a CTE of facts. #}
{% macro statement_rows(statements, facts, subject) -%}
    {%- set selects = [] -%}
    {%- set text = dbt.type_string() -%}
    {%- for statement in statements -%}
        {%- set key = text_literal(statement.key) -%}
        {%- set label = key if facts == 'of_all' else "concat_ws('', " ~ key ~ ", ' ', " ~ subject ~ ')' -%}
        {%- set parts = [] -%}
        {%- for part in modules.re.split('[{]([a-z_]+)[}]', statement.note) -%}
            {%- if loop.index is even -%}{%- do parts.append('cast(' ~ part ~ ' as ' ~ text ~ ')') -%}
            {%- elif part -%}{%- do parts.append(text_literal(part)) -%}{%- endif -%}
        {%- endfor -%}
        {%- do selects.append(
            'select ' ~ label ~ " as note_key, 'statement' as kind, " ~ text_literal(statement.severity) ~ ' as severity, ' ~ subject
            ~ ' as subject, cast(' ~ statement.value ~ ' as ' ~ text ~ ') as value, cast(null as ' ~ text
            ~ ") as origin, concat_ws('', " ~ parts | join(', ') ~ ') as note from ' ~ facts ~ ' where ' ~ statement.when
        ) -%}
    {%- endfor -%}
    {{ return(selects | join('\n    union all\n    ')) }}
{%- endmacro %}

{# What is said of identifiers that cannot be read: a warning where it is a tenth of a source's or more. #}
{% macro statements_about_identifiers() -%}
    {%- set kinds = {
        'email': ('e-mail addresses', 'cannot be read', 'correct them at the source'),
        'phone': ('phone numbers', 'cannot be read', 'deliver them with their country code, or set default_country'),
        'number': ('account and card numbers', 'are placeholders', 'leave them empty at the source')
    } -%}
    {%- set hashed = 'hashed_count * 2 > unreadable_count' -%}
    {%- set many = 'unreadable_count * 10 >= value_count' -%}
    {%- set statements = [] -%}
    {%- for type, (plural, fault, remedy) in kinds.items() -%}
        {%- for severity, share in [('warn', many), ('ok', 'not ' ~ many)] -%}
            {%- set when = "unreadable_count > 0 and identifier_type = '" ~ type ~ "' and " ~ share -%}
            {%- set counted = '{unreadable_count} of {value_count} ' ~ plural ~ ' of {source} ' ~ fault ~ ', such as {example}' -%}
            {%- do statements.append({
                'key': 'unreadable ' ~ plural, 'severity': severity, 'value': 'unreadable_count',
                'when': when ~ ' and not (' ~ hashed ~ ')', 'note': counted ~ ', and identify nobody: ' ~ remedy
            }) -%}
            {%- do statements.append({
                'key': 'hashed ' ~ plural, 'severity': severity, 'value': 'unreadable_count', 'when': when ~ ' and ' ~ hashed,
                'note': counted ~ ', because they are hashed: they identify nobody; have the connector deliver them as they are'
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(statements) }}
{%- endmacro %}
