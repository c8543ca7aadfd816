-- Grain: one row per row of the source map that has something in common with the source of truth: how often they agree.
-- The values of persons are compared here and go no further; what is stored are counts.
with newest_values as (

    {{ source_map_values(ref('int_customer_identities')) }}

),

compared as (

    select
        others.field,
        others.source,
        others.relation,
        others.column_name,
        others.filter_value,
        others.profile_system,
        count(*) as compared_count,
        count(*) filter (where others.newest_value = truths.newest_value) as agreed_count

    from newest_values as others
    inner join newest_values as truths
        on others.field = truths.field and others.entity = truths.entity
    where truths.is_truth and not others.is_truth
    group by
        others.field, others.source, others.relation, others.column_name, others.filter_value, others.profile_system

)

select * from compared
