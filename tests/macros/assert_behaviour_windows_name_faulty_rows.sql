-- One row per faulty row of behaviour_windows that is not named, or not with the words that help.
-- noqa: disable=LT02,LT05
{%- set good = {
    'attribute_name': 'views_of_shoes_14d', 'event': 'product_view', 'filter': 'category=Shoes|Bags; brand=Acme',
    'measure': 'count', 'days': '14', 'description': '', 'unit': ''
} -%}
{%- set changes = [
    [{}, none],
    [{'filter': ''}, none],
    [{'measure': ''}, none],
    [{'measure': 'products'}, none],
    [{'days': '3650'}, none],
    [{'filter': "category=Shoes' or 1 = 1 --; brand='); drop table t; --"}, 'drop table'],
    [{'filter': "category=Shoes' or 1 = 1 --"}, none],
    [{'event': 'product_veiw'}, "no event 'product_veiw'; did you mean 'product_view'?"],
    [{'event': 'teleport'}, "no event 'teleport'; there are page_view, product_view"],
    [{'event': ''}, "no event ''; there are page_view"],
    [{'filter': 'colour=red'}, "product_view cannot be filtered by 'colour'; there are sku, category"],
    [{'filter': 'categry=Shoes'}, "cannot be filtered by 'categry'; did you mean 'category'?"],
    [{'filter': 'Shoes'}, "cannot be filtered by 'Shoes'"],
    [{'filter': 'category='}, 'filter category has no value; write category=one|other'],
    [{'filter': 'category=Shoes; category=Bags'}, 'filter category stands there twice; join its values by |'],
    [{'event': 'search'}, "search cannot be filtered by 'category'; leave the filter empty"],
    [{'measure': 'amount'}, 'product_view has no amount; there are count, days, products'],
    [{'measure': 'cuont'}, "no measure 'cuont'; did you mean 'count'?"],
    [{'days': '0'}, "days is '0'; write a whole number from 1 to 3650"],
    [{'days': '3651'}, "days is '3651'"],
    [{'days': '14.0'}, "days is '14.0'"],
    [{'days': '7) or (1=1'}, 'write a whole number'],
    [{'attribute_name': ''}, "attribute_name is ''; write small letters"],
    [{'attribute_name': 'Views'}, "attribute_name is 'Views'"],
    [{'attribute_name': 'x"; drop table t; --'}, 'write small letters'],
    [{'attribute_name': 'order'}, 'order is a word of SQL or a key'],
    [{'attribute_name': 'customer_id'}, 'customer_id is a word of SQL or a key'],
    [{'attribute_name': 'order_count_90d'}, 'order_count_90d is a column of customer_features']
] -%}
{%- set missed = [] -%}
{%- for change, wanted in changes if execute %}
    {%- set faults = behaviour_window_faults([dict(good, **change)]) %}
    {%- set words = [] %}
    {%- for fault in faults %}{%- do words.append(fault.reason ~ '; ' ~ fault.suggestion) %}{%- endfor %}
    {%- set found = words | join('; ') %}
    {%- if (wanted is none and faults) or (wanted is not none and (not faults or wanted not in found)) %}
        {%- do missed.append({'changed_cells': change | string, 'wanted': wanted | string, 'found': found}) %}
    {%- endif %}
{%- endfor %}
{%- set reasons = behaviour_window_faults([good, good]) | map(attribute='reason') | join('; ') if execute else '' %}
{%- if execute and reasons != 'views_of_shoes_14d stands there twice' %}
    {%- do missed.append({'changed_cells': 'two rows', 'wanted': 'twice', 'found': reasons}) %}
{%- endif %}
with missed as (
    {{ literal_rows({
        'changed_cells': dbt.type_string(),
        'wanted': dbt.type_string(),
        'found': dbt.type_string()
    }, missed) }}

)

select * from missed
