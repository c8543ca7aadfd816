-- Grain: one row per version of a record of the stock and rule that it breaks.
{{ validated_versions('inventory', ['stock_level']) }}
