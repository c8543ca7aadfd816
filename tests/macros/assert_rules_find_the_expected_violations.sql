-- Violations that differ from those expected. Cases: each type of rule that needs only the record, scopes from general
-- to specific, a scope switched off, waivers of one rule and of all rules, and the amount of money on the record.
{%- set amount = {'source': 'pos', 'table_name': 'receipt', 'rule_type': 'range',
    'column_name': 'total_amount|tax_amount', 'min_value': '0', 'severity': 'quarantine', 'is_active': 'true', 'rule_key': 'amount'} %}
{%- set other = dict(amount, column_name='', min_value='') %}
{%- set rule_rows = [
    dict(amount, max_value='100'),
    dict(amount, max_value='1000', channel='Phone'),
    dict(amount, max_value='500', account='S2'),
    dict(amount, max_value='50', channel='phone', account='S2', severity='warn'),
    dict(amount, max_value='1', channel='online', is_active='false'),
    dict(other, rule_key='needed', rule_type='required', column_name='till_id', severity='reject'),
    dict(other, rule_key='known', rule_type='accepted', column_name='status', reference='completed| Voided'),
    dict(other, rule_key='dated', rule_type='date_range', column_name='sold_at', min_value='2000-01-01', max_value='2'),
    dict(other, rule_key='money', rule_type='currency', column_name='currency')
] %}
{%- set valid = {'sales_channel': 'store', 'store_id': 'S1', 'till_id': '1', 'sold_at': '2026-01-01 10:00:00',
    'currency': 'GBP', 'status': 'completed', 'total_amount': '10.00', 'known_at': '2026-01-01 12:00:00', '_says_deleted': 'false'} %}
{%- set versions = [
    dict(valid, receipt_id='valid'),
    dict(valid, receipt_id='at the limit', total_amount='100.0000'),
    dict(valid, receipt_id='above', total_amount='100.0100', currency='EUR'),
    dict(valid, receipt_id='below', total_amount='-0.0100'),
    dict(valid, receipt_id='tax', tax_amount='100.50'),
    dict(valid, receipt_id='phone', total_amount='999.00', sales_channel='PHONE'),
    dict(valid, receipt_id='phone above', total_amount='1000.01', sales_channel='phone'),
    dict(valid, receipt_id='S2', total_amount='499', store_id='S2'),
    dict(valid, receipt_id='S2 above', total_amount='501', store_id='s2', sales_channel='mail_order'),
    dict(valid, receipt_id='S2 phone', total_amount='51', store_id='S2', sales_channel='phone'),
    dict(valid, receipt_id='online', total_amount='999999', sales_channel='online'),
    dict(valid, receipt_id='no channel', total_amount='101', sales_channel=none),
    dict(valid, receipt_id='no till', till_id=none),
    dict(valid, receipt_id='status', status='parked'),
    dict(valid, receipt_id='VOIDED', status='VOIDED'),
    dict(valid, receipt_id='1970', sold_at='1970-01-01 00:00:00'),
    dict(valid, receipt_id='two days on', sold_at='2026-01-03 12:00:00'),
    dict(valid, receipt_id='future', sold_at='2026-01-03 12:00:01'),
    dict(valid, receipt_id='currency', currency='XXX'),
    dict(valid, receipt_id='lower case', currency='eur'),
    dict(valid, receipt_id='deleted', total_amount='200', _says_deleted='true'),
    dict(valid, receipt_id='waived', total_amount='200', status='parked'),
    dict(valid, receipt_id='all waived', total_amount='200', status='parked')
] %}
{%- set columns = {
    'record_key': dbt.type_string(), 'rule_key': dbt.type_string(), 'rule_channel': dbt.type_string(),
    'rule_account': dbt.type_string(), 'severity': dbt.type_string(), 'column_name': dbt.type_string(),
    'amount': 'decimal(28, 4)', 'currency': dbt.type_string(), 'is_waived': 'boolean', 'is_blocking': 'boolean'
} %}
{%- set violation = {'rule_key': 'amount', 'severity': 'quarantine', 'column_name': 'total_amount',
    'is_waived': 'false', 'currency': 'GBP', 'is_blocking': 'true', 'amount': '10.00'} %}
{%- set expected_rows = [
    dict(violation, record_key='above', amount='100.01', currency='EUR'),
    dict(violation, record_key='below', amount='0.01'),
    dict(violation, record_key='tax', column_name='tax_amount'),
    dict(violation, record_key='phone above', rule_channel='phone', amount='1000.01'),
    dict(violation, record_key='S2 above', rule_account='s2', amount='501.00'),
    dict(violation, record_key='S2 phone', rule_channel='phone', rule_account='s2', amount='51.00', severity='warn',
        is_blocking='false'),
    dict(violation, record_key='no channel', amount='101.00'),
    dict(violation, record_key='no till', rule_key='needed', column_name='till_id', severity='reject'),
    dict(violation, record_key='status', rule_key='known', column_name='status'),
    dict(violation, record_key='1970', rule_key='dated', column_name='sold_at'),
    dict(violation, record_key='future', rule_key='dated', column_name='sold_at'),
    dict(violation, record_key='currency', rule_key='money', column_name='currency', currency='XXX'),
    dict(violation, record_key='waived', amount='200.00', is_waived='true', is_blocking='false'),
    dict(violation, record_key='waived', amount='200.00', rule_key='known', column_name='status'),
    dict(violation, record_key='all waived', amount='200.00', is_waived='true', is_blocking='false'),
    dict(violation, record_key='all waived', amount='200.00', rule_key='known', column_name='status', is_waived='true',
        is_blocking='false')
] %}
{%- set overrides -%}
    (
        select 'o1' as override_id, 'pos' as source_name, 'receipt' as table_name, 'waived' as record_key,
            'amount' as rule_key, 'waive' as action, cast('2026-01-05' as timestamp) as decided_at
        union all
        select 'o2', 'pos', 'receipt', 'all waived', null, 'waive', cast('2026-01-05' as timestamp)
        union all
        select 'o3', 'pos', 'receipt', 'above', null, 'replace', cast('2026-01-05' as timestamp)
        union all
        select 'o4', 'shopify', 'order', 'below', null, 'waive', cast('2026-01-05' as timestamp)
    )
{%- endset %}
{%- set rates -%}
    (
        select 'GBP' as currency, cast(1 as decimal(18, 8)) as rate, cast('1900-01-01' as date) as valid_from,
            cast('9999-01-01' as date) as valid_to
        union all
        select 'EUR', cast(0.87 as decimal(18, 8)), cast('2026-01-01' as date), cast('9999-01-01' as date)
    )
{%- endset %}
{%- if execute %}
{%- set plain_rows = [] %}
{%- for row in rule_rows %}
    {%- do plain_rows.append(dict(
        row,
        checked_columns=row.column_name,
        columns=row.column_name.split('|'),
        held_against={'accepted': 'accepted:completed| voided', 'currency': 'currency:'}.get(row.rule_type, ''),
        min_value=row.min_value or '',
        max_value=row.max_value or '',
        channel=(row.channel or '') | lower,
        account=(row.account or '') | lower,
        reference=(row.reference or '') | lower
    )) %}
{%- endfor %}
{%- set table = dict(ruled_table('pos', 'receipt', plain_rows), present=['_record_hash']) %}
{%- set lists = {} %}
{%- do add_rule_lists(table, lists, {}, rates) %}
{%- set types = {'known_at': dbt.type_timestamp(), '_record_hash': dbt.type_string(), '_says_deleted': 'boolean'} %}
{%- for column in table.contract.columns.values() %}{% do types.update({column.name: column.data_type}) %}{% endfor %}
{%- set rule_types = {} %}
{%- for name in [
    'rule_key', 'source', 'table_name', 'rule_type', 'column_name', 'checked_columns', 'held_against', 'min_value',
    'max_value', 'channel', 'account', 'severity', 'is_active', 'reference'
] %}{% do rule_types.update({name: dbt.type_string()}) %}{% endfor %}
with written_rules as (

    {{ literal_rows(rule_types, plain_rows) }}

),

checked as (

    select * from (
        with
        {%- for list in lists.values() %}
        {{ list.name }} as ({{ list.sql }}),
        {%- endfor %}

        suspects as (
            {{ suspect_versions(table, literal_rows(types, versions)) }}
        ),

        {{ judgement('pos', [table], 'written_rules', overrides) }}
    ) as violations

),

expected as (

    {{ literal_rows(columns, expected_rows) }}

),

found as (

    select {{ columns.keys() | join(', ') }} from checked

),

differences as (

    select
        'unexpected' as problem,
        *
    from (select * from found except select * from expected) as unexpected

    union all

    select
        'missing' as problem,
        *
    from (select * from expected except select * from found) as missing

)

select * from differences
{%- else %}
select 1 as nothing
{%- endif %}
