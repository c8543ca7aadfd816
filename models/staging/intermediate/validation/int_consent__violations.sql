-- Grain: one row per version of a record of the consent log and rule that it breaks.
{{ validated_versions('consent', ['consent_event']) }}
