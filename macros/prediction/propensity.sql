{# The attributes that a parameter seed speaks of, of those that are known; none before it is loaded. Unit tests override
   it. Names from a seed reach SQL only when they are columns here. #}
{% macro propensity_attributes(seed, known) -%}
    {%- set found = [] -%}
    {%- for row in seed_rows(seed, ['attribute_name']) -%}
        {%- if row.attribute_name in known and row.attribute_name not in found -%}
            {%- do found.append(row.attribute_name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# Columns as rows: `keys` with attribute_name and attribute_value for each of `attributes`; no row without attributes. #}
{% macro attributes_as_rows(relation, keys, attributes) -%}
    {%- for attribute in attributes %}
    select
        {{ keys | join(', ') }},
        '{{ attribute }}' as attribute_name,
        {{ attribute }} as attribute_value

    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        {{ keys | join(', ') }},
        cast(null as {{ dbt.type_string() }}) as attribute_name,
        cast(null as double) as attribute_value

    from {{ relation }}
    where 1 = 0
    {%- endfor %}
{%- endmacro %}

{# A value between its winsor limits, on a log scale where the fit says so, in standard units; null as the fit says. #}
{% macro standard_score(value, terms) -%}
    case
        when {{ value }} is null then {{ terms }}.missing_value
        when {{ terms }}.scale = 'log'
            then (
                ln(1 + least(greatest({{ value }}, {{ terms }}.winsor_low), {{ terms }}.winsor_high) - {{ terms }}.winsor_low)
                - {{ terms }}.centre
            ) / {{ terms }}.spread
        else (
            least(greatest({{ value }}, {{ terms }}.winsor_low), {{ terms }}.winsor_high) - {{ terms }}.winsor_low
            - {{ terms }}.centre
        ) / {{ terms }}.spread
    end
{%- endmacro %}

{# What one term of a propensity model adds to the log-odds. #}
{% macro term_contribution(value, terms) -%}
    case {{ terms }}.term_kind
        when 'slope' then {{ terms }}.coefficient * ({{ standard_score(value, terms) }})
        when 'hinge'
            then {{ terms }}.coefficient * greatest(0, {{ standard_score(value, terms) }} - {{ terms }}.knot)
        when 'missing' then case when {{ value }} is null then {{ terms }}.coefficient else 0 end
    end
{%- endmacro %}

{# Parameter rows of a seed that may be used, numbers as double. #}
{% macro usable_terms(seed) -%}
    select
        parameters.model_key,
        parameters.attribute_name,
        parameters.term_kind,
        parameters.scale
        {%- for column in ['winsor_low', 'winsor_high', 'centre', 'spread', 'knot', 'missing_value', 'coefficient'] %},
        cast(parameters.{{ column }} as double) as {{ column }}
        {%- endfor %}

    from {{ seed }} as parameters
    inner join {{ ref('int_model_status') }} as models
        on parameters.model_key = models.model_key
            and parameters.fit_id = models.fit_id
    where models.status = 'usable'
{%- endmacro %}

{# What every attribute of a model adds for every customer: a select over rows of attributes_as_rows and usable_terms. #}
{% macro contributions_of(attribute_values, terms) -%}
    select
        {{ attribute_values }}.model_key,
        {{ attribute_values }}.customer_id,
        {{ attribute_values }}.attribute_name,
        max({{ attribute_values }}.attribute_value) as attribute_value,
        max({{ standard_score(attribute_values ~ '.attribute_value', terms) }}) as standard_value,
        sum({{ term_contribution(attribute_values ~ '.attribute_value', terms) }}) as contribution

    from {{ attribute_values }}
    inner join {{ terms }}
        on {{ attribute_values }}.model_key = {{ terms }}.model_key
            and {{ attribute_values }}.attribute_name = {{ terms }}.attribute_name
    group by {{ attribute_values }}.model_key, {{ attribute_values }}.customer_id, {{ attribute_values }}.attribute_name
{%- endmacro %}

{# The probability that follows: model_key, customer_id, propensity. #}
{% macro propensities_of(contributions, seed) -%}
    select
        sums.model_key,
        sums.customer_id,
        {{ logistic('(intercepts.coefficient + sums.log_odds)') }} as propensity

    from (
        select
            model_key,
            customer_id,
            sum(contribution) as log_odds

        from {{ contributions }}
        group by model_key, customer_id
    ) as sums
    inner join (
        {{ usable_terms(seed) }}
        and parameters.term_kind = 'intercept'
    ) as intercepts
        on sums.model_key = intercepts.model_key
{%- endmacro %}

{# The kind of model that a model_key names: what stands before the first colon. #}
{% macro split_model_key(model_key) -%}
    case when instr({{ model_key }}, ':') > 0 then substr({{ model_key }}, 1, instr({{ model_key }}, ':') - 1) else {{ model_key }} end
{%- endmacro %}
