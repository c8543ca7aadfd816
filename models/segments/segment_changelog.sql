-- Grain: one row per segment and version of its rule after the first: what changed, and what that did to its size.
with versions as (

    select * from {{ ref('segment_versions') }}

),

sizes as (

    select * from {{ ref('segment_sizes') }}
    where customer_count is not null

),

rule_changes as (

    select * from {{ ref('int_segment_rule_changes') }}

),

changes as (

    select
        versions.segment_key,
        earlier.rule_version as from_version,
        versions.rule_version as to_version,
        versions.effective_from,
        earlier.rule_text as rule_text_before,
        versions.rule_text as rule_text_after,
        earlier.status as status_before,
        versions.status as status_after,
        versions.customer_count_before,
        later.customer_count_before as customer_count_that_day

    from versions
    inner join versions as earlier
        on
            versions.segment_key = earlier.segment_key
            and versions.change_number = earlier.change_number + 1
            and versions.rule_version <> earlier.rule_version
    left join versions as later
        on
            versions.segment_key = later.segment_key
            and versions.change_number = later.change_number - 1
            and versions.effective_from = later.effective_from

),

sized as (

    select
        changes.segment_key,
        changes.to_version,
        min_by(sizes.customer_count, sizes.as_of_date) as customer_count

    from changes
    inner join sizes
        on
            changes.segment_key = sizes.segment_key
            and changes.effective_from <= sizes.as_of_date
    group by changes.segment_key, changes.to_version

),

joined as (

    select
        changes.segment_key,
        changes.from_version,
        changes.to_version,
        changes.effective_from,
        rule_changes.change_text,
        rule_changes.added_conditions,
        rule_changes.removed_conditions,
        changes.rule_text_before,
        changes.rule_text_after,
        changes.status_before,
        changes.status_after,
        changes.customer_count_before,
        -- Sizes are kept for the last change of a day only; that of an earlier one is recorded with the change that
        -- followed.
        coalesce(changes.customer_count_that_day, sized.customer_count) as customer_count_after,
        coalesce(changes.customer_count_that_day, sized.customer_count) - changes.customer_count_before as size_effect

    from changes
    inner join rule_changes
        on
            changes.segment_key = rule_changes.segment_key
            and changes.from_version = rule_changes.from_version
            and changes.to_version = rule_changes.to_version
    left join sized
        on
            changes.segment_key = sized.segment_key
            and changes.to_version = sized.to_version

)

select * from joined
