"""What a build records of its settings, for warehouses that no build made."""

from __future__ import annotations

SETTINGS = {
    "as_of_date": "2026-06-30",
    "business_timezone": "UTC",
    "reporting_currency": "GBP",
    "default_country": "GB",
    "kind": "own",
}


def recorded(**settings: str) -> str:
    """SQL of the rows of `build_notes` for a build with these settings and the defaults."""
    rows = ", ".join(
        f"('setting {name}', 'setting', 'ok', '{name}', '{value}', 'world.json', '{name} is {value}')"
        for name, value in (SETTINGS | settings).items()
    )
    return f"select * from (values {rows}) as t(note_key, kind, severity, subject, value, origin, note)"
