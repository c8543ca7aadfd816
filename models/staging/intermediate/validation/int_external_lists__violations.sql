-- Grain: one row per version of a record of external lists and rule that it breaks.
{{ validated_versions('external_lists', ['list_member']) }}
