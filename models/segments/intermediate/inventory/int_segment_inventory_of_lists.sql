-- Grain: one row per finding about a list kept outside: the segment it comes closest to, and its age; in words.
{%- set text = dbt.type_string() %}
with lists as (

    select * from {{ ref('int_external_lists') }}

),

closest as (

    select * from {{ ref('int_external_list_closest') }}

),

worded as (

    select
        list_key as segment_key,
        finding,
        other_segment_key,
        measure,
        case
            when is_too_small
                then concat(
                        'only ', cast(customer_count as {{ text }}), ' of its ', cast(address_count as {{ text }}),
                        ' addresses are customers we know'
                    )
            when other_segment_key is null then 'none of its customers is in any segment'
            when finding = 'superset'
                then concat('it holds ', {{ percent_text('measure') }}, ' of the members of ', other_segment_key)
            when finding in ('same_members', 'near_duplicate')
                then concat({{ percent_text('measure') }}, ' of the customers of either are in both')
            when finding = 'subset'
                then concat(
                        {{ percent_text('measure') }}, ' of its ', cast(customer_count as {{ text }}),
                        ' customers are in ', other_segment_key, ', which holds ',
                        cast(segment_customer_count as {{ text }})
                    )
            else concat('closest: ', {{ percent_text('measure') }}, ' of its customers are in ', other_segment_key)
        end as evidence,
        case
            when is_too_small then 'archive it, or bring it up to date: too few customers to compare'
            when finding in ('same_members', 'near_duplicate')
                then concat(
                        'list ''', list_name, ''' is nearly ', other_segment_key,
                        ': replace by it, archive the list'
                    )
            when finding = 'subset' and share_of_segment < {{ var('inventory_list_share') }}
                then concat(
                        'list ''', list_name, ''' is ', {{ percent_text('measure') }}, ' inside ', other_segment_key,
                        ', which is far larger: narrow it by a further condition, then archive the list'
                    )
            when finding = 'subset'
                then concat(
                        'list ''', list_name, ''' is ', {{ percent_text('measure') }}, ' inside ', other_segment_key,
                        ': replace by it, archive the list'
                    )
            when finding = 'superset'
                then concat(
                        'use ', other_segment_key, ' for those it describes,',
                        ' ask what the others are on the list for'
                    )
            else concat('no segment comes close: write a rule for what list ''', list_name, ''' is for, or archive it')
        end as suggestion

    from closest

),

old as (

    select
        list_key as segment_key,
        'stale' as finding,
        cast(null as {{ text }}) as other_segment_key,
        cast({{ days_between('last_added_date', as_of_date()) }} as double) as measure,
        concat('nobody was added since ', cast(last_added_date as {{ text }})) as evidence,
        concat('archive list ''', list_name, ''' with its date, or replace it by a segment') as suggestion

    from lists
    where {{ days_between('last_added_date', as_of_date()) }} > {{ var('inventory_unused_days') }}

),

unioned as (

    select * from worded
    union all
    select * from old

)

select * from unioned
