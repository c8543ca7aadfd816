-- Grain: one row per version of a record of paid media and rule that it breaks.
{{ validated_versions('paid_media', ['ad_click', 'daily_spend']) }}
