-- Faults of campaign_plans and qa_limits, each with row, reason and suggestion. Any one stops segment_qa.
{{ config(group='segments') }}
select
    seed_name,
    row_text,
    reason,
    suggestion

from {{ ref('int_qa_rule_errors') }}
