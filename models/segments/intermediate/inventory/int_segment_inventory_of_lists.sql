-- Grain: one row per finding about an external list, in words: the segment closest to it, and its age.
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
                then concat_ws(
                        '', 'only ', cast(customer_count as {{ text }}), ' of its ', cast(address_count as {{ text }}),
                        ' addresses belong to known customers'
                    )
            when other_segment_key is null then 'none of its customers is in any segment'
            when finding = 'superset'
                then concat_ws(
                        '', 'it contains ', {{ percent_text('measure') }}, ' of the members of ', other_segment_key
                    )
            when finding in ('same_members', 'near_duplicate')
                then concat_ws('', {{ percent_text('measure') }}, ' of the combined customers are in both')
            when finding = 'subset'
                then concat_ws(
                        '', {{ percent_text('measure') }}, ' of its ', cast(customer_count as {{ text }}),
                        ' customers are in ', other_segment_key, ', which has ',
                        cast(segment_customer_count as {{ text }})
                    )
            else concat_ws(
                    '', 'closest: ', {{ percent_text('measure') }}, ' of its customers are in ', other_segment_key
                )
        end as evidence,
        case
            when is_too_small then 'archive or update it: too few customers to compare'
            when finding in ('same_members', 'near_duplicate')
                then concat_ws(
                        '', 'list ''', list_name, ''' is nearly the same as ', other_segment_key,
                        ': use the segment instead and archive the list'
                    )
            when finding = 'subset' and share_of_segment < {{ var('inventory_list_share') }}
                then concat_ws(
                        '', {{ percent_text('measure') }}, ' of list ''', list_name, ''' is in ', other_segment_key,
                        ', which is far larger: narrow the segment by another condition, then archive the list'
                    )
            when finding = 'subset'
                then concat_ws(
                        '', {{ percent_text('measure') }}, ' of list ''', list_name, ''' is in ', other_segment_key,
                        ': use the segment instead and archive the list'
                    )
            when finding = 'superset'
                then concat_ws(
                        '', 'use ', other_segment_key, ' for the customers it covers,',
                        ' and find out why the others are on the list'
                    )
            else concat_ws(
                    '', 'no segment is close: write a rule for the purpose of list ''', list_name, ''', or archive it'
                )
        end as suggestion

    from closest

),

old as (

    select
        list_key as segment_key,
        'stale' as finding,
        cast(null as {{ text }}) as other_segment_key,
        cast({{ days_between('last_added_date', as_of_date()) }} as double) as measure,
        concat_ws('', 'no address was added since ', cast(last_added_date as {{ text }})) as evidence,
        concat_ws('', 'archive list ''', list_name, ''' with its date, or replace it with a segment') as suggestion

    from lists
    where {{ days_between('last_added_date', as_of_date()) }} > {{ var('inventory_unused_days') }}

),

unioned as (

    select * from worded
    union all
    select * from old

)

select * from unioned
