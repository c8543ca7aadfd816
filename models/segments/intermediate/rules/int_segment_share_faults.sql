-- Grain: one row per expected share of a segment that cannot be one, as a spreadsheet's decimal comma leaves it.
with definitions as (

    select
        trim(segment_key) as segment_key,
        coalesce(trim(expected_min_share), '') as expected_min_share,
        coalesce(trim(expected_max_share), '') as expected_max_share,
        {{ decimal_number('expected_min_share') }} as expected_min_share_number,
        {{ decimal_number('expected_max_share') }} as expected_max_share_number

    from {{ ref('segment_definitions') }}

),

faults as (

    {% for bound in ['expected_min_share', 'expected_max_share'] -%}
    select
        segment_key,
        concat('{{ bound }} is `', {{ bound }}, '`') as reason,
        'write a share of all customers from 0 to 1, with a decimal point, such as 0.05' as suggestion

    from definitions
    where {{ bound }} <> '' and coalesce({{ bound }}_number, -1) not between 0 and 1

    union all

    {% endfor -%}
    select
        segment_key,
        concat('expected_min_share ', expected_min_share, ' is above expected_max_share ', expected_max_share),
        'exchange them'

    from definitions
    where expected_min_share_number > expected_max_share_number and expected_min_share_number <= 1

),

named as (

    select
        'segment_definitions' as seed_name,
        segment_key,
        coalesce(segment_key, '(no key)') as row_text,
        false as is_structural,
        reason,
        suggestion

    from faults

)

select distinct * from named
