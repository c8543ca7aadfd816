"""Identities: the report on identity resolution, and matching of pairs that may be one person."""
