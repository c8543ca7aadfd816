{# Every violation in behaviour_windows, as a select of seed_name, row_text, reason, suggestion: the rules that its YAML
   declares, and those that depend on the event of a row or on the columns of customer_features. #}
{% macro behaviour_window_violations() -%}
    {%- set events = [] -%}
    {%- for name, event in behaviour_events().items() -%}
        {%- do events.append({
            'event': name, 'filter_names': event.filters | join('|'), 'measures': (['count', 'days'] + event.measures | list) | join(', ')
        }) -%}
    {%- endfor -%}
    {%- set text = dbt.type_string() -%}
    {%- set distance = name_distance('filters.filter_name', 'filters.choice') -%}
    with declared as (
        {{ seed_violations_of('int_behaviour_window_errors') }}
    ),

    windows as (
        select distinct
            trim(coalesce(attribute_name, '')) as attribute_name,
            trim(coalesce(event, '')) as event,
            trim(coalesce(measure, '')) as measure,
            coalesce(filter, '') as filter,
            coalesce(nullif(trim(attribute_name), ''), '(no name)') as row_text
        from {{ ref('behaviour_windows') }}
    ),

    -- The filters and measures that each event has.
    events as (
        {{ literal_rows({'event': text, 'filter_names': text, 'measures': text}, events) }}
    ),

    -- Parts of a filter are joined by ; and their values by |; split_to_rows splits at |, so the two are swapped first.
    parts as (
        select *, {{ split_to_rows("translate(filter, ';|', '|;')") }} as part
        from windows
    ),

    filters as (
        select
            parts.*,
            events.filter_names,
            trim(case when instr(part, '=') > 0 then substr(part, 1, instr(part, '=') - 1) else part end) as filter_name,
            instr(part, '=') > 0 and trim(replace(substr(part, instr(part, '=') + 1), ';', '')) <> '' as has_value
        from parts
        inner join events
            on parts.event = events.event
        where trim(part) <> ''
    ),

    unknown_filters as (
        select
            filters.row_text,
            concat_ws('', filters.event, ' cannot be filtered by ''', filters.filter_name, '''') as reason,
            case
                when filters.filter_names = '' then 'leave the filter empty'
                else concat_ws(
                    '',
                    case
                        when min({{ distance }}) <= 0.4 * length(filters.filter_name)
                            then concat_ws('', 'did you mean ''', {{ nearest_name('filters.filter_name', 'filters.choice') }}, '''? ')
                        else ''
                    end,
                    'use one of ', replace(filters.filter_names, '|', ', ')
                )
            end as suggestion
        from (select *, {{ split_to_rows('filter_names') }} as choice from filters) as filters
        where not {{ has_item_of('filters.filter_names', 'filters.filter_name') }} or filters.filter_names = ''
        group by filters.row_text, filters.event, filters.filter_name, filters.filter_names
    )

    select seed_name, row_text, reason, suggestion from declared
    union all
    select
        'behaviour_windows',
        row_text,
        concat_ws('', attribute_name, ' is a column of customer_features'),
        'use that one, or give the attribute another name'
    from windows
    where attribute_name in ({{ literal_list(customer_feature_names() or ['']) }}) and attribute_name <> ''
    union all
    select
        'behaviour_windows',
        windows.row_text,
        concat_ws('', events.event, ' has no ', measure),
        concat_ws('', 'use one of ', measures)
    from windows
    inner join events
        on windows.event = events.event
    where measure in ({{ literal_list(behaviour_measures() | list) }})
        and not {{ has_item_of("replace(measures, ', ', '|')", 'measure') }}
    union all
    select 'behaviour_windows', * from unknown_filters
    union all
    select distinct
        'behaviour_windows',
        row_text,
        concat_ws('', 'filter ', filter_name, case when has_value then ' is listed twice' else ' has no value' end),
        case when has_value then 'join its values by |' else concat_ws('', 'write ', filter_name, '=one|other') end
    from (
        select *, count(*) over (partition by attribute_name, event, measure, filter, filter_name) as name_count
        from filters
        where {{ has_item_of('filter_names', 'filter_name') }} and filter_name <> ''
    ) as known_filters
    where name_count > 1 or not has_value
{%- endmacro %}
