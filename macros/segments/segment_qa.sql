{# The limits of the checks before activation, as the seed qa_limits names them: a list of dicts with check_name and
   limit_name. #}
{% macro qa_limit_names() -%}
    {%- set names = {
        'count': ['band_tolerance', 'change_days', 'change_min_count', 'change_warn_factor', 'change_fail_factor'],
        'samples': ['forbidden_warn_share', 'forbidden_fail_share'],
        'overlap': ['warn_share', 'twin_jaccard', 'twin_min_count'],
        'recent_activity': [
            'order_days', 'order_warn_share', 'order_fail_share', 'setback_days', 'setback_warn_share',
            'issue_warn_share', 'complaint_warn_share', 'complaint_fail_share'
        ],
        'margin': ['bearable_warn_share', 'bearable_fail_share', 'margin_warn_rate', 'margin_fail_rate'],
        'consent': ['reach_warn_share', 'reach_fail_share'],
        'stock': ['response_rate', 'units_per_buyer', 'demand_warn_share', 'demand_fail_share'],
        'holdout': ['baseline_rate', 'minimum_detectable_effect', 'z_confidence', 'z_power', 'plan_min_count']
    } -%}
    {%- set limits = [] -%}
    {%- for check_name, own in names.items() -%}
        {%- for limit_name in own -%}{%- do limits.append({'check_name': check_name, 'limit_name': limit_name}) -%}{%- endfor -%}
    {%- endfor -%}
    {{ return(limits) }}
{%- endmacro %}

{# How grave a number is: 2 beyond the limit that fails, 1 beyond the one that warns, else 0, also where it is not known. #}
{% macro qa_severity(value, warn, fail, beyond='>') -%}
    case when {{ value }} {{ beyond }} {{ fail }} then 2 when {{ value }} {{ beyond }} {{ warn }} then 1 else 0 end
{%- endmacro %}

{# The status that a gravity stands for. #}
{% macro qa_status(severity) -%}
    case {{ severity }} when 2 then 'fail' when 1 then 'warn' else 'pass' end
{%- endmacro %}

{# A share as text, such as `12.5 %`; `unknown` where it is. #}
{% macro share_text(share) -%}
    coalesce(
        {{ dbt.concat(["cast(cast(round(100 * (" ~ share ~ "), 1) as decimal(18, 1)) as " ~ dbt.type_string() ~ ")", "' %'"]) }},
        'unknown'
    )
{%- endmacro %}

{# A number as text without decimals; `unknown` where it is. #}
{% macro count_text(number) -%}
    coalesce(cast(cast(round({{ number }}) as bigint) as {{ dbt.type_string() }}), 'unknown')
{%- endmacro %}
