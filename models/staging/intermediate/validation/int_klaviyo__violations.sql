-- Grain: one row per version of a record of Klaviyo and rule that it breaks.
{{ validated_versions('klaviyo', ['event']) }}
