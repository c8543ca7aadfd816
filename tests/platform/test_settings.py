"""Settings: one order of precedence, refused where they are wrong, and the same for whatever reads the marts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.__main__ import main
from scripts.platform.errors import UserError
from scripts.platform.settings import (
    built_settings,
    built_var,
    built_variables,
    changed_settings,
    countries,
    keep_as_built,
    project_vars,
    read_settings,
    stored_settings,
)
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.build_notes import recorded
from tests.support.workspaces import workspace_in

# Printed where a person made a slip: what they wrote, and what the one line must name.
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"as_of_date": "2026-02-30"}, "as_of_date must be a date such as 2026-06-30, not '2026-02-30'"),
    ({"as_of_date": "30/06/2026"}, "as_of_date must be a date such as 2026-06-30, not '30/06/2026'"),
    ({"business_timezone": "London"}, "business_timezone must be a time zone such as Europe/London, not 'London'"),
    ({"reporting_currency": "gbp"}, "reporting_currency must be a code such as GBP, not 'gbp'"),
    ({"reporting_currency": "XQZ"}, "reporting_currency must be a code such as GBP, not 'XQZ'"),
    ({"default_country": "UK"}, "default_country must be a code such as GB, not 'UK'"),
    ({"reporting_curency": "EUR"}, "reporting_curency is not a setting; did you mean `reporting_currency`?"),
    ({"using_shopfy": False}, "using_shopfy is not the switch of any source; did you mean `using_shopify`?"),
    ({"using_web": "flase"}, "using_web must be true or false, not 'flase'"),
    ({"rfm_window_days": "two years"}, "rfm_window_days must be a number such as 730, not 'two years'"),
    ({"rfm_method": "guessed"}, "rfm_method must be one of measured, fixed, not 'guessed'"),
    ({"allow_later_parameters": "maybe"}, "allow_later_parameters must be true or false, not 'maybe'"),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with an empty landing zone."""
    (tmp_path / "landing").mkdir()
    return workspace_in(tmp_path)


def state(workspace: Workspace, **settings: Any) -> None:
    workspace.settings_file.write_text(json.dumps(settings), encoding="utf-8")


def build_with(workspace: Workspace, **settings: str) -> None:
    """Record settings as a build would."""
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute(f"create schema marts; create table marts.build_notes as {recorded(**settings)}")


def test_the_command_line_comes_first_then_the_project_then_the_landing_zone_then_the_default(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = {**project_vars(), "default_country": "DE", "business_timezone": "Europe/Berlin"}
    monkeypatch.setattr("scripts.platform.settings.project_vars", lambda: project)
    state(workspace, default_country="FR", business_timezone="Europe/Paris", reporting_currency="EUR", using_web=False)
    found = read_settings(workspace, {"default_country": "BR"})
    origins = {name: (found[name], found.origins[name]) for name in ("default_country", "business_timezone", "kind")}
    assert origins == {
        "default_country": ("BR", "command line"),
        "business_timezone": ("Europe/Berlin", "dbt_project.yml"),
        "kind": ("own", "default"),
    }
    assert (found["reporting_currency"], found["using_web"], found.get("using_pos", True)) == ("EUR", False, True)
    # dbt reads the landing zone's settings from the warehouse, and gets the others as vars.
    assert found.variables == {"default_country": "BR"}
    assert found.landing["using_web"] == "false"


def test_any_var_of_the_project_can_be_set_in_the_landing_zone(workspace: Workspace) -> None:
    state(workspace, rfm_window_days="365", anomaly_score=3.5)
    assert read_settings(workspace).variables == {"rfm_window_days": 365, "anomaly_score": 3.5}
    assert read_settings(workspace, {"rfm_window_days": 90}).variables == {"rfm_window_days": 90, "anomaly_score": 3.5}


@pytest.mark.parametrize(("wrong", "said"), WRONG, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_a_wrong_setting_is_refused_wherever_it_is_written(
    workspace: Workspace, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError) as problem:
        read_settings(workspace, wrong)
    assert str(problem.value) == f"--vars: {said}"
    state(workspace, **wrong)
    with pytest.raises(UserError) as problem:
        read_settings(workspace)
    assert str(problem.value) == f"{workspace.settings_file}: {said}"


@pytest.mark.parametrize("command", ["build", "validate", "intake"])
def test_a_command_stops_at_a_wrong_setting_before_it_does_anything(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    state(workspace, reporting_curency="EUR")
    assert main([command, "--warehouse", str(workspace.warehouse)]) == 2
    assert capsys.readouterr().err == (
        f"error: {workspace.settings_file}: reporting_curency is not a setting; did you mean `reporting_currency`?\n"
    )
    assert not workspace.warehouse.exists()
    assert not workspace.seeds.exists()


def test_without_a_file_the_settings_of_the_last_intake_hold(workspace: Workspace) -> None:
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute(
            "create schema intake; create table intake.settings as"
            " from (values ('reporting_currency', 'SEK'), ('using_web', 'false'), ('made_from', 'a demo'))"
            " as t(setting_name, setting_value)"
        )
    found = read_settings(workspace)
    assert (found["reporting_currency"], found["using_web"]) == ("SEK", False)
    assert found.landing == {"reporting_currency": "SEK", "using_web": "false", "made_from": "a demo"}


def test_what_reads_marts_takes_the_settings_of_their_build(workspace: Workspace) -> None:
    build_with(workspace, reporting_currency="BRL", rfm_window_days="365")
    state(workspace, reporting_currency="EUR")
    assert built_settings(workspace)["reporting_currency"] == "BRL"
    assert built_variables(workspace) == {"rfm_window_days": 365}
    assert built_var(workspace, "rfm_window_days") == 365
    assert built_var(workspace, "churn_active_days") == project_vars()["churn_active_days"]
    assert changed_settings(workspace, read_settings(workspace)) == [
        "reporting_currency BRL, now EUR",
        "rfm_window_days 365, now 730",
    ]
    with open_warehouse(workspace.warehouse) as connection:
        keep_as_built(connection)
        kept = stored_settings(connection)
    assert kept["reporting_currency"] == "BRL"
    # A past day has a day of its own.
    assert "as_of_date" not in kept


def test_a_part_is_not_built_with_other_settings_than_the_rest(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_with(workspace, reporting_currency="EUR")
    monkeypatch.setattr("scripts.pipeline.steps.setup", lambda *_: None)
    monkeypatch.setattr("scripts.segments.validate.check_seeds", lambda *_: None)
    monkeypatch.setattr("scripts.segments.approval_log.verified_log", lambda *_: None)
    command = ["build", "--select", "orders+", "--vars", '{"reporting_currency": "USD"}']
    assert main([*command, "--warehouse", str(workspace.warehouse)]) == 2
    assert capsys.readouterr().err == (
        f"error: {workspace.warehouse}: was built with other settings (reporting_currency EUR, now USD); "
        "build all models, without --select\n"
    )


def test_every_country_has_a_way_of_writing_phone_numbers() -> None:
    assert len(countries()) == 245
    assert {"BR", "IN", "JP", "NG", "RU", "UA", "ZA"} <= countries()
