-- Grain: one row per version of a record of the catalogue and rule that it breaks.
{{ validated_versions('products', ['product']) }}
