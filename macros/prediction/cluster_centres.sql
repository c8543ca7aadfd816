{# The seed cluster_centres, one dict per row. Empty before it is loaded; unit tests override it. #}
{% macro cluster_centre_rows() -%}
    {{ return(seed_rows(
        ref('cluster_centres'),
        [
            'fit_id', 'cluster_key', 'cluster_name', 'feature', 'centre', 'scale', 'winsor_low', 'winsor_high', 'feature_mean',
            'feature_spread', 'missing_value'
        ]
    )) }}
{%- endmacro %}

{# The clustering that the seed describes: fit_id, features (dicts of a row's transform) and clusters (dicts of key,
   name, centres: feature -> literal). Without rows: two clusters with an empty fit_id, to which no customer belongs;
   stops on inconsistent rows. Only columns of int_prediction_inputs and numbers reach SQL. #}
{% macro clustering() -%}
    {%- set rows = cluster_centre_rows() -%}
    {%- if not rows -%}
        {{ return({'fit_id': '', 'features': [], 'clusters': [{'key': '', 'name': '', 'centres': {}}] * 2}) }}
    {%- endif -%}
    {%- set features = {} -%}
    {%- set clusters = {} -%}
    {%- set known = prediction_input_names() -%}
    {%- for row in rows -%}
        {%- if row.feature not in known -%}
            {{ cluster_centres_error("`" ~ row.feature ~ "` is not a column of int_prediction_inputs") }}
        {%- endif -%}
        {%- do features.setdefault(row.feature, row) -%}
        {%- do clusters.setdefault(row.cluster_key, {'key': row.cluster_key, 'name': row.cluster_name, 'centres': {}}) -%}
        {%- do clusters[row.cluster_key].centres.update({row.feature: double_literal(row.centre)}) -%}
    {%- endfor -%}
    {%- if rows | map(attribute='fit_id') | unique | list | length > 1 -%}
        {{ cluster_centres_error("it holds rows of several fits") }}
    {%- endif -%}
    {%- if clusters | length < 2 or rows | length != features | length * clusters | length -%}
        {{ cluster_centres_error("it does not hold every feature once for each of at least two clusters") }}
    {%- endif -%}
    {#- cluster_2 before cluster_10. -#}
    {%- set ordered = [] -%}
    {%- for length in clusters | map('length') | unique | sort -%}
        {%- for key in clusters | sort if key | length == length -%}{%- do ordered.append(clusters[key]) -%}{%- endfor -%}
    {%- endfor -%}
    {{ return({'fit_id': rows[0].fit_id, 'features': features.values() | list, 'clusters': ordered}) }}
{%- endmacro %}

{# Stops with an error about the seed. #}
{% macro cluster_centres_error(reason) -%}
    {{ exceptions.raise_compiler_error(
        "cluster_centres: " ~ reason ~ "; run `python -m scripts cluster`, or restore the file"
    ) }}
{%- endmacro %}

{# A number from a seed as a double literal in SQL; stops on anything else. #}
{% macro double_literal(text) -%}
    {%- if not modules.re.match('^[+-]?[0-9]+([.][0-9]*)?([eE][+-]?[0-9]+)?\Z', text | string) -%}
        {{ exceptions.raise_compiler_error("`" ~ text ~ "` is not a number") }}
    {%- endif -%}
    {{ return(text | string if 'e' in text | string | lower else text ~ 'e0') }}
{%- endmacro %}

{# The standardised value of a feature of `clustering()`, as scripts/learning/prediction/transform.py calculates it. #}
{% macro cluster_feature_score(feature) -%}
    {%- set low = double_literal(feature.winsor_low) -%}
    {%- set shifted -%}
        least(greatest({{ feature.feature }}, {{ low }}), {{ double_literal(feature.winsor_high) }}) - {{ low }}
    {%- endset -%}
    case
            when {{ feature.feature }} is null then {{ double_literal(feature.missing_value) }}
            else
                ({{ 'ln(1 + ' ~ shifted ~ ')' if feature.scale == 'log' else shifted }} - {{ double_literal(feature.feature_mean) }})
                / {{ double_literal(feature.feature_spread) }}
        end
{%- endmacro %}

{# Square of the distance between a customer's standardised features, columns z_1, z_2, ..., and a cluster's centre. #}
{% macro squared_distance(clustering, cluster) -%}
    {#- A product, as power() is slower. -#}
    {%- for feature in clustering.features -%}
        {%- set difference = '(z_' ~ loop.index ~ ' - (' ~ cluster.centres[feature.feature] ~ '))' -%}
        {{ '+ ' if not loop.first }}{{ difference }} * {{ difference }}
        {%- if not loop.last %}
        {% endif -%}
    {%- else -%}
        0e0
    {%- endfor -%}
{%- endmacro %}
