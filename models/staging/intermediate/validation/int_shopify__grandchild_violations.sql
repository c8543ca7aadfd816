-- Grain: one row per version of a record of the shop that refers to an order's line or refund, and rule that it breaks.
{{ validated_versions('shopify', ['discount_allocation', 'order_adjustment', 'order_line_refund', 'tax_line']) }}
