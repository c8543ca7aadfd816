-- Grain: one row per SKU and category that was ever in the catalogue, also after as_of_date; for checking seeds.
{{ config(materialized='view') }}

with products as (

    {{ rows_or_none('products', 'product') }}

),

named as (

    select distinct
        trim(sku) as sku,
        trim(category) as category

    from products

)

select * from named
