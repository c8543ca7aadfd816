-- Grain: one row per ordered pair of categories bought up to as_of_date.
{%- set is_significant = significant_by_benjamini_hochberg('p_value', 'p_rank', 'test_count') %}
with bought as (

    select
        purchases.customer_id,
        purchases.category

    from {{ ref('int_customer_categories') }} as purchases
    inner join {{ ref('int_category_training_customers') }} as customers
        on purchases.customer_id = customers.customer_id

),

sizes as (

    select
        category,
        count(*) as customer_count,
        (select count(distinct buyers.customer_id) from bought as buyers) as buyer_count

    from bought
    group by category

),

both_bought as (

    select
        own.category,
        other.category as related_category,
        count(*) as customer_count

    from bought as own
    inner join bought as other
        on own.customer_id = other.customer_id
            and own.category <> other.category
    group by own.category, other.category

),

pairs as (

    select
        own.category,
        other.category as related_category,
        own.customer_count as customers_with_category,
        other.customer_count as customers_with_related,
        own.buyer_count,
        coalesce(both_bought.customer_count, 0) as customers_with_both,
        coalesce(steps.customers_in_sequence, 0) as customers_in_sequence,
        coalesce(steps.next_count, 0) as next_count,
        coalesce(steps.expected_next_count, 0) as expected_next_count,
        case
            when steps.expected_next_count >= 5
                then {{ corrected_z_score('steps.next_count', 'steps.expected_next_count', 'steps.next_variance') }}
        end as z_score

    from sizes as own
    inner join sizes as other
        on own.category <> other.category
    left join both_bought
        on own.category = both_bought.category
            and other.category = both_bought.related_category
    left join {{ ref('int_category_sequences') }} as steps
        on own.category = steps.category
            and other.category = steps.related_category

),

ranked as (

    select
        *,
        {{ two_sided_p_value('z_score') }} as p_value,
        case when z_score is not null then rank() over (order by {{ two_sided_p_value('z_score') }} nulls last) end
            as p_rank,
        count(z_score) over () as test_count

    from pairs

),

final as (

    select
        ranked.category,
        ranked.related_category,
        {{ as_of_date() }} as as_of_date,
        ranked.customers_with_category,
        ranked.customers_with_related,
        ranked.customers_with_both,
        cast(ranked.customers_in_sequence as bigint) as customers_in_sequence,
        cast(ranked.customers_with_both as double) / ranked.buyer_count as support,
        cast(ranked.customers_with_both as double) / ranked.customers_with_category as confidence,
        cast(ranked.customers_with_both as double) * ranked.buyer_count
        / (cast(ranked.customers_with_category as double) * ranked.customers_with_related) as lift,
        cast(round(ranked.next_count, 6) as double) as next_count,
        cast(round(ranked.expected_next_count, 6) as double) as expected_next_count,
        cast(round(ranked.next_count / nullif(ranked.expected_next_count, 0), 6) as double) as next_lift,
        cast(round(ranked.z_score, 6) as double) as z_score,
        cast(round(ranked.p_value, 7) as double) as p_value,
        relations.relation,
        {{ is_significant }} as is_significant,
        -- A stated relation counts as twice as likely where there are too few purchases to test.
        cast(case
            when {{ is_significant }} then round(ranked.next_count / ranked.expected_next_count, 6)
            when ranked.z_score is null and relations.relation is not null then 2
            else 1
        end as double) as applied_lift

    from ranked
    left join {{ ref('int_category_relations') }} as relations
        on ranked.category = relations.category
            and ranked.related_category = relations.related_category

)

select * from final
