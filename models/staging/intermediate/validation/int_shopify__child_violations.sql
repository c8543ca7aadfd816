-- Grain: one row per version of a record of the shop that refers to an order, and rule that it breaks.
{{ validated_versions('shopify', [
    'discount_application', 'fulfillment', 'order_line', 'order_shipping_line', 'refund', 'transaction'
]) }}
