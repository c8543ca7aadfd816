-- Grain: one row per record version and rule that it breaks.
{{ record_faults('zendesk', 'ticket_tag') }}
