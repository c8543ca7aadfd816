-- Grain: one row per version of a record of the shop that refers to no other record, such as an order, and rule that
-- it breaks.
{{ validated_versions('shopify', ['customer', 'inventory_item', 'order', 'product_variant']) }}
