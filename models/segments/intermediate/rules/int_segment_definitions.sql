-- Grain: one row per segment of the library, typed, with the status it has in this run.
with definitions as (

    select * from {{ ref('segment_definitions') }}

),

rules as (

    select * from {{ ref('int_segment_rules') }}

),

versions as (

    select * from {{ ref('int_segment_rule_versions') }}

),

uses as (

    select
        lower(trim(approved_use)) as approved_use,
        is_selling

    from {{ ref('approved_uses') }}

),

typed as (

    select
        trim(segment_key) as segment_key,
        {{ whole_number('library_number') }} as library_number,
        trim(segment_name) as segment_name,
        trim(business_purpose) as business_purpose,
        trim(included) as included,
        trim(excluded) as excluded,
        trim(required_data) as required_data,
        lower(trim(refresh_cadence)) as refresh_cadence,
        trim(owner) as owner,
        {{ whole_number('priority') }} as priority,
        lower(trim(channels)) as channels,
        trim(approved_uses) as approved_uses,
        trim(success_measure) as success_measure,
        trim(review_rule) as review_rule,
        trim(next_action) as next_action,
        lower(trim(status)) as status,
        lower(trim(tags)) as tags,
        lower(trim(segment_kind)) as segment_kind,
        lower(trim(scope)) as scope,
        coalesce(nullif(lower(trim(risk_class)), ''), 'none') as risk_class,
        {{ decimal_number('expected_min_share') }} as expected_min_share,
        {{ decimal_number('expected_max_share') }} as expected_max_share,
        {{ calendar_day('expires_on') }} as expires_on,
        {{ calendar_day('review_by') }} as review_by

    from definitions
    where nullif(trim(segment_key), '') is not null

),

joined as (

    select
        typed.segment_key,
        typed.library_number,
        typed.segment_name,
        typed.business_purpose,
        typed.included,
        typed.excluded,
        typed.required_data,
        typed.refresh_cadence,
        typed.owner,
        typed.priority,
        typed.channels,
        typed.approved_uses,
        typed.success_measure,
        typed.review_rule,
        typed.next_action,
        typed.status,
        typed.tags,
        typed.segment_kind,
        typed.scope,
        typed.risk_class,
        typed.expected_min_share,
        typed.expected_max_share,
        typed.expires_on,
        typed.review_by,
        coalesce(versions.rule_version, 1) as rule_version,
        rules.rule_text,
        rules.rule_fingerprint,
        rules.missing_attributes,
        rules.unavailable_attributes,
        coalesce({{ has_item('typed.tags', 'suppression') }}, false) as is_suppression,
        coalesce({{ has_item('typed.tags', 'service_recovery') }}, false) as is_service_recovery,
        -- A use that nobody has judged counts as selling.
        coalesce(uses.is_selling, true)
        and not coalesce({{ has_item('typed.tags', 'suppression') }}, false)
        and not coalesce({{ has_item('typed.tags', 'service_recovery') }}, false) as is_selling,
        case
            when typed.status <> 'active' then typed.status
            when typed.expires_on < {{ as_of_date() }} then 'expired'
            when rules.segment_key is null then 'not_computable'
            when rules.missing_attributes is not null then 'not_computable'
            when rules.unavailable_attributes is not null then 'not_computable'
            else 'active'
        end as effective_status,
        case
            when typed.status = 'active' and typed.expires_on < {{ as_of_date() }}
                then concat_ws('', 'its last day was ', cast(typed.expires_on as {{ dbt.type_string() }}))
            when rules.segment_key is null then 'it has no rule yet'
            when rules.missing_attributes is not null
                then concat_ws('', 'these attributes do not exist yet: ', replace(rules.missing_attributes, '|', ', '))
            when rules.unavailable_attributes is not null
                then concat_ws('', 'cannot be computed in this run: ', rules.unavailable_reasons)
            when rules.waived_attributes is not null
                then concat_ws(
                        '', 'computed without these, as the rule allows, because their source is off',
                        ' or has delivered nothing: ',
                        replace(rules.waived_attributes, '|', ', ')
                    )
        end as status_reason

    from typed
    left join rules
        on typed.segment_key = rules.segment_key
    left join versions
        on typed.segment_key = versions.segment_key
    left join uses
        on lower(typed.approved_uses) = uses.approved_use

)

select * from joined
