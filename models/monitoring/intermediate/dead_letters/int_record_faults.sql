-- Grain: one row per record version and rule that it breaks, over all tables and the arithmetic of orders.
{{ all_faults() }}
