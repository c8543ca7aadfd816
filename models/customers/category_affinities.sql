-- Grain: one row per category and other category of the customers' purchases up to as_of_date.
with customers as (

    select customer_id from {{ ref('int_category_learners') }}

),

bought as (

    select
        purchases.customer_id,
        purchases.category

    from {{ ref('int_customer_categories') }} as purchases
    inner join customers
        on purchases.customer_id = customers.customer_id

),

sizes as (

    select
        category,
        count(*) as customer_count
    from bought
    group by category

),

buyers as (

    select count(distinct customer_id) as buyer_count from bought

),

both_bought as (

    select
        own.category,
        other.category as related_category,
        count(*) as customers_with_both

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
        buyers.buyer_count,
        coalesce(both_bought.customers_with_both, 0) as customers_with_both,
        coalesce(sequences.customers_in_sequence, 0) as customers_in_sequence,
        coalesce(sequences.next_count, 0) as next_count,
        coalesce(sequences.expected_next_count, 0) as expected_next_count,
        case
            when sequences.expected_next_count >= 5
                then {{ corrected_z_score(
                    'sequences.next_count', 'sequences.expected_next_count', 'sequences.next_variance'
                ) }}
        end as z_score

    from sizes as own
    inner join sizes as other
        on own.category <> other.category
    cross join buyers
    left join both_bought
        on own.category = both_bought.category
            and other.category = both_bought.related_category
    left join {{ ref('int_category_sequences') }} as sequences
        on own.category = sequences.category
            and other.category = sequences.related_category

),

tested as (

    select
        *,
        {{ two_sided_p_value('z_score') }} as p_value
    from pairs

),

ranked as (

    select
        *,
        case when p_value is not null then rank() over (order by p_value nulls last) end as p_rank,
        count(p_value) over () as test_count
    from tested

),

judged as (

    select
        *,
        {{ significant_by_benjamini_hochberg('p_value', 'p_rank', 'test_count') }} as is_significant
    from ranked

),

final as (

    select
        judged.category,
        judged.related_category,
        {{ as_of_date() }} as as_of_date,
        cast(judged.customers_with_category as bigint) as customers_with_category,
        cast(judged.customers_with_related as bigint) as customers_with_related,
        cast(judged.customers_with_both as bigint) as customers_with_both,
        cast(judged.customers_in_sequence as bigint) as customers_in_sequence,
        cast(judged.customers_with_both as double) / judged.buyer_count as support,
        cast(judged.customers_with_both as double) / judged.customers_with_category as confidence,
        cast(judged.customers_with_both as double) * judged.buyer_count
        / (cast(judged.customers_with_category as double) * judged.customers_with_related) as lift,
        cast(round(judged.next_count, 6) as double) as next_count,
        cast(round(judged.expected_next_count, 6) as double) as expected_next_count,
        cast(round(judged.next_count / nullif(judged.expected_next_count, 0), 6) as double) as next_lift,
        cast(round(judged.z_score, 6) as double) as z_score,
        cast(round(judged.p_value, 7) as double) as p_value,
        relations.relation,
        judged.is_significant,
        -- A merchant's or the catalogue's word counts as twice as likely where there are too few purchases to tell.
        cast(case
            when judged.is_significant then round(judged.next_count / judged.expected_next_count, 6)
            when judged.z_score is null and relations.relation is not null then 2
            else 1
        end as double) as applied_lift

    from judged
    left join {{ ref('int_category_relations') }} as relations
        on judged.category = relations.category
            and judged.related_category = relations.related_category

)

select * from final
