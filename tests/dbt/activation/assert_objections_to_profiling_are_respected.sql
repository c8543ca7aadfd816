-- People who object to profiling but are still scored, clustered, described or segmented; and people who do not object
-- but are missing from customer_features.
with objecting as (

    select customer_id from {{ ref('customer_consents') }}
    where purpose = 'profiling' and status = 'opted_out'

),

profiled as (

    {% for relation in [
        'customer_rfm', 'customer_clusters', 'customer_features', 'customer_behaviour_windows',
        'customer_recommendations', 'customer_replenishment', 'segment_memberships', 'audience_members'
    ] %}
    select
        customer_id,
        '{{ relation }}' as found_in

    from {{ ref(relation) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    objecting.customer_id,
    profiled.found_in

from objecting
inner join profiled
    on objecting.customer_id = profiled.customer_id

union all

select
    customers.customer_id,
    'not in customer_features' as found_in

from {{ ref('customers') }} as customers
left join objecting
    on customers.customer_id = objecting.customer_id
left join {{ ref('customer_features') }} as features
    on customers.customer_id = features.customer_id
where objecting.customer_id is null and features.customer_id is null
