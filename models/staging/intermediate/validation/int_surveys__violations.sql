-- Grain: one row per version of a record of surveys and rule that it breaks.
{{ validated_versions('surveys', ['response']) }}
