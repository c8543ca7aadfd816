-- Grain: one row per version of a record of Klaviyo and rule that it breaks.
{{ judged_versions('klaviyo', ['event']) }}
