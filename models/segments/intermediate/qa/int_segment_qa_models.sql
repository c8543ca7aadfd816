-- Grain: one row per segment whose rule reads predictions of a fitted model: can the model be relied on?
-- noqa: disable=LT02
{%- set rows = [] %}
{%- set models = segment_attribute_models() %}
{%- for segment in segment_rules() %}
    {%- set listed = [] %}
    {%- for conditions in segment.include.values() | list + segment.exclude.values() | list %}
        {%- for condition in conditions %}
            {%- for name in segment_condition_attributes(condition) if name in models and models[name] not in listed %}
                {%- do listed.append(models[name]) %}
                {%- do rows.append({'segment_key': segment.segment_key, 'model_name': models[name]}) %}
            {%- endfor %}
        {%- endfor %}
    {%- endfor %}
{%- endfor %}
-- noqa: enable=LT02
with uses as (
    {{ literal_rows({'segment_key': dbt.type_string(), 'model_name': dbt.type_string()}, rows) }}

),

segments as (

    select segment_key from {{ ref('int_segment_qa_segments') }}
    where is_computable

),

health as (

    select
        split_part(model_key, ':', 1) as model_name,
        model_key,
        check_name,
        status,
        reason,
        case status when 'red' then 2 when 'yellow' then 1 else 0 end as severity

    from {{ ref('model_health') }}

),

ranked as (

    select
        uses.segment_key,
        uses.model_name,
        health.model_key,
        health.check_name,
        coalesce(health.status, 'not fitted') as model_status,
        coalesce(health.reason, 'the model has no health checks') as reason,
        coalesce(health.severity, 2) as severity,
        row_number() over (
            partition by uses.segment_key
            order by
                coalesce(health.severity, 2) desc, uses.model_name, health.model_key nulls last,
                health.check_name nulls last
        ) as severity_rank

    from uses
    inner join segments
        on uses.segment_key = segments.segment_key
    left join health
        on uses.model_name = health.model_name

),

explained as (

    select
        segment_key,
        cast(null as {{ dbt.type_string() }}) as plan_key,
        {{ qa_status('severity') }} as status,
        concat_ws('', coalesce(model_key, model_name), ' ', model_status) as observed,
        'a model whose health is green' as expected,
        'warns at yellow, fails at red' as threshold,
        concat_ws(
            '',
            case severity when 0 then 'the model can be relied on' else 'fit it again or review it' end, ': ', reason
        ) as explanation

    from ranked
    where severity_rank = 1

)

select * from explained
