-- Grain: one row per order or refund and arithmetic rule that it breaks.
{{ order_faults() }}
