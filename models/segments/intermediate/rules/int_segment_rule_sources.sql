-- Grain: one row per segment and source that its rule needs, directly or through other segments.
with conditions as (

    select distinct
        segment_key,
        attribute

    from {{ ref('segment_rules') }}

),

attributes as (

    select
        attribute_name,
        concat_ws('', coalesce(needs_sources, ''), '|', coalesce(needs_any_source, '')) as source_list

    from {{ ref('attribute_catalogue') }}

),

direct as (

    select
        conditions.segment_key,
        conditions.attribute,
        {{ split_to_rows('attributes.source_list') }} as source

    from conditions
    inner join attributes
        on conditions.attribute = attributes.attribute_name

),

own_sources as (

    select
        segment_key,
        trim(source) as source,
        min(attribute) as attribute

    from direct
    where trim(source) <> ''
    group by segment_key, trim(source)

),

-- A rule that refers to another segment needs its sources too; chains have at most three segments.
{% for level in [1, 2] %}
{% set before = 'own_sources' if loop.first else 'sources_1' %}
sources_{{ level }} as (

    select
        segment_key,
        source,
        attribute
    from {{ before }}

    union

    select
        conditions.segment_key,
        {{ before }}.source,
        {{ before }}.attribute
    from conditions
    inner join {{ before }}
        on conditions.attribute = concat_ws('', 'segment:', {{ before }}.segment_key)

),

{% endfor %}
final as (

    select
        segment_key,
        source,
        min(attribute) as attribute

    from sources_2
    group by segment_key, source

)

select * from final
