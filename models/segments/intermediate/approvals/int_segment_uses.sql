-- Grain: one row per segment and role that has to approve it: all that approval covers besides the rule, as a list of
-- `part=hash`. Every role signs the use; the offer of the segment's campaign plans is signed by the campaign owner alone.
{%- set parts = segment_use_parts() %}
with definitions as (

    select * from {{ ref('int_segment_definitions') }}

),

segment_channels as (

    select * from {{ ref('int_segment_channels') }}

),

-- Not computable is in force too: then nobody is contacted on its channels.
suppression as (

    select
        segment_channels.channel,
        concat_ws('', definitions.segment_key, ' ', coalesce(definitions.rule_fingerprint, '')) as rule

    from segment_channels
    inner join definitions
        on segment_channels.segment_key = definitions.segment_key
    where definitions.is_suppression and definitions.effective_status in ('active', 'not_computable')

),

consents as (

    select
        lower(trim(channel)) as channel,
        concat_ws(
            '|'
            {%- for name in [
                'channel', 'purpose', 'requires_double_opt_in', 'expires_after_days', 'renewed_by', 'across_profiles',
                'hard_bounce_blocks', 'complaint_blocks'
            ] %},
            coalesce(lower(trim({{ name }})), '')
            {%- endfor %}
        ) as rule

    from {{ ref('consent_rules') }}

),

-- Who counts as a person.
types as (

    select
        {{ sorted_text_list("concat_ws('|', trim(customer_type), trim(priority), trim(looks_at), trim(value))", ';') }}
            as rules

    from {{ ref('customer_type_rules') }}
    where lower(trim(is_active)) = 'true'

),

offers as (

    select
        trim(segment_key) as segment_key,
        {{ sorted_text_list(
            "concat_ws('|', trim(plan_key), lower(trim(channel)), coalesce(trim(planned_discount_rate), ''),"
            ~ " coalesce(trim(products), ''), coalesce(trim(categories), ''))", ';'
        ) }} as plans

    from {{ ref('campaign_plans') }}
    group by trim(segment_key)

),

by_channel as (

    select
        segment_channels.segment_key,
        {{ sorted_text_list('segment_channels.channel', '|') }} as channels,
        {{ sorted_text_list('consents.rule', ';') }} as consent_rules,
        {{ sorted_text_list('suppression.rule', ';') }} as suppression

    from segment_channels
    left join consents
        on
            consents.channel in (
                'all', case when segment_channels.channel = 'direct_mail' then 'post' else segment_channels.channel end
            )
    left join suppression
        on segment_channels.channel = suppression.channel and not segment_channels.is_suppression
    group by segment_channels.segment_key

),

texts as (

    select
        definitions.segment_key,
        by_channel.channels,
        lower(definitions.approved_uses) as approved_uses,
        definitions.risk_class,
        definitions.is_selling,
        definitions.excluded as exclusions,
        by_channel.consent_rules,
        case when definitions.scope = 'people' then types.rules end as customer_types,
        by_channel.suppression,
        offers.plans as offer

    from definitions
    cross join types
    left join by_channel
        on definitions.segment_key = by_channel.segment_key
    left join offers
        on definitions.segment_key = offers.segment_key

),

hashed as (

    select
        segment_key,
        risk_class,
        is_selling,
        concat_ws(
            ';'
            {%- for part in parts if part != 'offer' %},
            concat_ws('', '{{ part }}=', substr(md5(coalesce({{ part }}, '')), 1, 16))
            {%- endfor %}
        ) as use_text,
        concat_ws('', 'offer=', substr(md5(coalesce(offer, '')), 1, 16)) as offer_text

    from texts

),

roles as (

    {% for role in ['segment_owner', 'campaign_owner', 'data_owner', 'risk_owner', 'care_waiver'] %}
    select
        segment_key,
        '{{ role }}' as role,
        {{ "concat_ws(';', use_text, offer_text)" if role == 'campaign_owner' else 'use_text' }} as required_use

    from hashed
    {% if role == 'risk_owner' -%}
    where risk_class <> 'none'
    {% elif role == 'care_waiver' -%}
    where is_selling
    {% endif -%}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from roles
