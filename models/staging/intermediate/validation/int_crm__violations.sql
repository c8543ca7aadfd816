-- Grain: one row per version of a record of the CRM and rule that it breaks.
{{ judged_versions('crm', ['profile']) }}
