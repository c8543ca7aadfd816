-- Grain: one row per version of a record of returns and rule that it breaks.
{{ validated_versions('returns', ['return_line']) }}
