-- Grain: one row per version of a record of the CRM and rule that it breaks.
{{ validated_versions('crm', ['profile']) }}
