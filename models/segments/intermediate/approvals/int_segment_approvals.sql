-- Grain: one row per segment and role: the last approval of the current rule, unless it was withdrawn since, and what has
-- changed since then of the use that it covers.
with approval_log as (

    select * from {{ ref('int_segment_approval_log') }}

),

-- One invalid row invalidates the whole log of its segment: other rows may be missing too.
broken_logs as (

    select distinct segment_key
    from approval_log
    where fault is not null

),

rules as (

    select * from {{ ref('int_segment_rules') }}

),

uses as (

    select * from {{ ref('int_segment_uses') }}

),

approvers as (

    select
        trim(approver_id) as approver_id,
        replace(roles, ' ', '') as roles,
        trim(valid_from) as valid_from,
        coalesce(nullif(trim(valid_to), ''), '9999-12-31') as valid_to

    from {{ ref('approvers') }}
    {%- if env_var('SEGMENTATION_SIGNATURES', '') == 'required' %}
    where signature like 'hmac:%'
    {%- endif %}

),

ranked as (

    select
        approval_log.*,
        row_number() over (
            partition by approval_log.segment_key, approval_log.role
            order by approval_log.sequence_number desc
        ) as recency_rank

    from approval_log
    inner join rules
        on
            approval_log.segment_key = rules.segment_key
            and approval_log.rule_fingerprint = rules.rule_fingerprint
    left join broken_logs
        on approval_log.segment_key = broken_logs.segment_key
    where
        broken_logs.segment_key is null
        {%- if env_var('SEGMENTATION_SIGNATURES', '') == 'required' %}
        -- Nobody without the key can have written these.
        and approval_log.is_signed
        {%- endif %}

),

standing as (

    select
        ranked.segment_key,
        ranked.rule_fingerprint,
        ranked.role,
        ranked.approved_by,
        ranked.approved_at,
        ranked.count_low,
        ranked.count_high,
        ranked.is_signed,
        {{ segment_changed_parts('ranked.approved_use', 'uses.required_use') }} as changed_parts

    from ranked
    inner join uses
        on
            ranked.segment_key = uses.segment_key
            and ranked.role = uses.role
    -- Who held the role on the day of the approval.
    inner join approvers
        on
            ranked.approved_by = approvers.approver_id
            and {{ has_item_of('approvers.roles', 'ranked.role') }}
            and substr(ranked.approved_at, 1, 10) between approvers.valid_from and approvers.valid_to
    where ranked.recency_rank = 1 and ranked.decision = 'approved'

)

select * from standing
