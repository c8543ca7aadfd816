"""Every column that may hold personal data is classified, so that an erasure misses none."""

from __future__ import annotations

import re

import pytest

from scripts.platform.contracts import Table, load_contracts
from scripts.platform.privacy import IDENTIFIERS, PROFILE_KINDS
from scripts.platform.workspace import PROJECT

TABLES = [table for source in load_contracts().values() for table in source.tables.values()]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.label)
def test_every_text_and_date_is_classified_once(table: Table) -> None:
    wanted = {column.name for column in table.columns if column.type in ("varchar", "date")}
    privacy = table.privacy
    assert wanted == set(privacy.columns) | set(privacy.not_personal), (
        f"{table.label}: add it to personal or not_personal"
    )
    assert not set(privacy.columns) & set(privacy.not_personal)
    assert set(privacy.links) <= set(privacy.not_personal)
    if privacy.rows == "none":
        assert not privacy.of_kind(*IDENTIFIERS), f"{table.label}: state in `erasure` what happens to its rows"
    if privacy.record:
        assert len(table.key) == 1


def test_every_profile_source_has_a_kind() -> None:
    text = (PROJECT / "models/identity/intermediate/resolution/int_identity_profiles.sql").read_text(encoding="utf-8")
    assert set(re.findall(r"identity_profile\('(\w+)'", text)) == set(PROFILE_KINDS)
