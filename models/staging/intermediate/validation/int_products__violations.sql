-- Grain: one row per version of a record of the catalogue and rule that it breaks.
{{ judged_versions('products', ['product']) }}
