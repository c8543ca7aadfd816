-- Grain: one row per version of a record of web events and rule that it breaks.
{{ validated_versions('web', ['identifies', 'order_completed', 'pages', 'product_added', 'product_viewed']) }}
