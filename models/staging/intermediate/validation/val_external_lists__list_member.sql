-- Grain: one row per record version and rule that it breaks.
{{ record_faults('external_lists', 'list_member') }}
