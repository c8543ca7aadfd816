-- Grain: one row per record version and rule that it breaks.
{{ record_faults('paid_media', 'ad_click') }}
