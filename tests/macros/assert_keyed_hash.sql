-- Grain: one row per text whose keyed hash is not stable, not distinct, or reveals the text.
with cases as (

    select cast('shopify:1' as {{ dbt.type_string() }}) as given
    union all select 'shopify:2'
    union all select 'shopify:1 '
    union all select ''
    union all select null

),

hashed as (

    select
        given,
        {{ keyed_hash('given') }} as actual,
        {{ keyed_hash("concat('', given)") }} as actual_again,
        {{ keyed_hash("'shopify:1'") }} as hash_of_first,
        {{ dbt.hash('given') }} as plain_hash

    from cases

)

select * from hashed
where
    (given is null and actual is not null)
    or (given is not null and {{ regexp_keep('actual', '^[0-9a-f]{32}$') }} = '')
    or actual <> actual_again
    or (given = 'shopify:1') <> (actual = hash_of_first)
    -- It must not be a hash that can be computed without the key.
    or actual = plain_hash
    or actual = substr({{ "sha2(given, 256)" if target.type == 'spark' else "sha256(given)" }}, 1, 32)
    or position(given in actual) > 0 and given <> ''
