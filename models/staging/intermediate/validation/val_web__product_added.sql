-- Grain: one row per record version and rule that it breaks.
{{ record_faults('web', 'product_added') }}
