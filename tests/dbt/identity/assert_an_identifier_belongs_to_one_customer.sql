-- After resolution, profiles that share a linking identifier are one customer.
select
    edges.identifier,
    count(distinct identities.customer_id) as customer_count

from {{ ref('int_identity_edges') }} as edges
inner join {{ ref('int_customer_identities') }} as identities
    on edges.profile_key = identities.profile_key
group by edges.identifier
having count(distinct identities.customer_id) > 1
