-- Grain: one row per version of a record of the stock and rule that it breaks.
{{ judged_versions('inventory', ['stock_level']) }}
