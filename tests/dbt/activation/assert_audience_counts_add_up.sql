-- Segments and channels whose members are not all either reachable or left out for one reason.
select *

from {{ ref('audience_counts') }}
where
    member_count
    <> suppressed_count + suppression_unknown_count + no_consent_count + no_address_count + not_contactable_count
    + reachable_count
