-- One row per invalid relation or column of a source map that is not reported with a helpful message.
-- noqa: disable=LT02
{%- set good = {
    'field': 'email', 'kind': 'field', 'source': 'crm', 'relation': 'stg_crm__profiles', 'column_name': 'email',
    'precedence': '1', 'profile_system': 'crm', 'key_column': 'profile_id', 'filter_column': '', 'filter_value': '',
    'validity': 'email', 'note': ''
} -%}
{%- set columns = {'email': true, 'profile_id': true, 'birth_date': false} -%}
{%- set changes = [
    [{}, none],
    [{'column_name': 'birth_date', 'validity': 'adult_age'}, none],
    [{'validity': 'not_negative'}, 'not_negative cannot be checked on email, which is text'],
    [{'column_name': 'birth_date'}, 'email cannot be checked on birth_date, which is not text'],
    [{'key_column': 'profil_id'}, "no column 'profil_id' in stg_crm__profiles"],
    [{'filter_column': 'role'}, "no column 'role' in stg_crm__profiles"],
    [{'column_name': 'e_mail'}, "no column 'e_mail' in stg_crm__profiles"],
    [{'column_name': 'email" from t --'}, 'no column'],
    [{'relation': 'stg_crm__people'}, "no relation 'stg_crm__people' that the map may read"],
    [{'relation': 'marts.contacts'}, "no relation 'marts.contacts'"],
    [{'source': 'pos'}, "'stg_crm__profiles' is not a relation of source 'pos'"]
] -%}
{%- set missed = [] -%}
{%- for change, expected in changes %}
    {%- set row = dict(good, **change) %}
    {%- set violations = source_map_row_violations(row, columns) %}
    {%- set is_single = violations | length == 1 %}
    {%- set is_reported = not violations if expected is none else (is_single and expected in violations[0]) %}
    {%- if not is_reported %}
        {%- set found = violations | join('; ') %}
        {%- do missed.append({'changed_cells': change, 'expected': expected | string, 'found': found}) %}
    {%- endif %}
{%- endfor %}
with missed as (
    {{ literal_rows({
        'changed_cells': dbt.type_string(),
        'expected': dbt.type_string(),
        'found': dbt.type_string()
    }, missed) }}

)

select * from missed
