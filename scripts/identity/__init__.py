"""Who is one person: the report on identities, and pairs that may be one person."""
