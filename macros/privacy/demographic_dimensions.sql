{# The dimensions of demographic_overlap: column of customer_features -> label for a missing value. #}
{% macro demographic_dimensions() -%}
    {{ return({
        'age_band': 'unknown', 'region': 'unknown', 'gender': 'unknown', 'country_code': 'unknown', 'language': 'unknown',
        'loyalty_tier': 'no tier', 'lifecycle_stage': 'unknown'
    }) }}
{%- endmacro %}

{# The pairs of dimensions that are cross-tabulated. #}
{% macro demographic_pairs() -%}
    {{ return([
        ['age_band', 'region'], ['age_band', 'gender'], ['age_band', 'country_code'], ['gender', 'region'],
        ['country_code', 'language'], ['loyalty_tier', 'age_band'], ['loyalty_tier', 'region'],
        ['lifecycle_stage', 'age_band'], ['lifecycle_stage', 'region']
    ]) }}
{%- endmacro %}

{# Smallest number of people for which a cell is shown. #}
{% macro small_cell_minimum() -%}
    {%- set minimum = var('small_cell_minimum') | string -%}
    {%- if not modules.re.match('^[1-9][0-9]{0,3}$', minimum) -%}
        {{ exceptions.raise_compiler_error("small_cell_minimum is '" ~ minimum ~ "'; give a whole number such as 10, or 1 to show every cell") }}
    {%- endif -%}
    {{ return(minimum | int) }}
{%- endmacro %}

{# Whether a cell covers so few people that its figures could reveal individuals. An empty cell is not small. #}
{% macro is_small_cell(people, buyers, minimum) -%}
    ({{ people }} between 1 and {{ minimum }} - 1 or {{ buyers }} between 1 and {{ minimum }} - 1)
{%- endmacro %}
