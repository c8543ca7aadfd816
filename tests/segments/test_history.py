"""Who entered and left, when and why: the real models over made-up days, compared with plain Python."""

from __future__ import annotations

import csv
import random
import shutil
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from scripts.platform.dbt import run_dbt
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.past_day import data_state
from scripts.platform.workspace import BUSINESS_SEEDS, PROJECT, Workspace
from scripts.segments.backfill import (
    HISTORY,
    HISTORY_MODELS,
    KEPT,
    OTHER_SEEDS,
    SHOWN_MODELS,
    _Kept,
    backfill,
    backfill_days,
)
from tests.support.rules_workspace import put_operators

TODAY = date(2026, 6, 30)
DAYS = [TODAY - timedelta(days=back) for back in range(8, -1, -1)]
RULES = [
    ("lapsed", "include", "1", "days_since_last_order", ">=", "120", ""),
    ("lapsed", "exclude", "1", "has_open_complaint", "is_true", "", ""),
    ("top", "include", "1", "net_revenue_365d", ">=", "pct:80", ""),
    ("fresh", "include", "1", "first_order_date", ">=", "-30d", ""),
    ("fresh", "include", "2", "order_count", "between", "4|6", ""),
]
# `top` cannot be computed on the third day: its members stay. `fresh` is paused on the fifth and sixth. The rule of
# `lapsed` is version 2 from the eighth on.
STATUS = {("top", DAYS[2]): "not_computable", ("fresh", DAYS[4]): "paused", ("fresh", DAYS[5]): "paused"}

Person = dict[str, object]
Change = tuple[date, str, str, str]


def people_of(day: date) -> dict[str, Person]:
    """Customers on a day: hand-made ones, and a crowd with random values."""
    number = DAYS.index(day)
    ago = 116 + number
    everyday = {"customer_type": "person", "has_open_complaint": False, "net_revenue_365d": 10.0, "order_count": 1}
    people: dict[str, Person] = {
        "ages": {"days_since_last_order": ago},
        "complains": {"days_since_last_order": 200, "has_open_complaint": number == 3},
        "keeps": {"days_since_last_order": 10, "net_revenue_365d": 150.0},
        "grows": {"days_since_last_order": 10, "order_count": 3 + number},
        "company": {"days_since_last_order": 400, "customer_type": "business"},
    }
    if number != 6:
        people["leaves"] = {"days_since_last_order": 300}
    dice = random.Random(number)
    for n in range(30):
        people[f"crowd{n:02}"] = {
            "days_since_last_order": dice.choice([5, 119, 120, 121, 300]),
            "has_open_complaint": dice.random() < 0.2,
            "net_revenue_365d": float(dice.choice([20, 80, 120, 160])),
            "order_count": dice.randint(1, 8),
        }
    first = date(2026, 1, 1)
    found = {name: {**everyday, "first_order_date": first, **person} for name, person in people.items()}
    found["keeps"]["first_order_date"] = TODAY - timedelta(days=37)
    return found


def threshold(people: dict[str, Person]) -> float:
    """The 80th percentile, between neighbours by linear interpolation."""
    revenues = sorted(float(str(person["net_revenue_365d"])) for person in people.values())
    place = 0.8 * (len(revenues) - 1)
    below = int(place)
    above = min(below + 1, len(revenues) - 1)
    return revenues[below] + (place - below) * (revenues[above] - revenues[below])


def members_of(day: date) -> set[tuple[str, str]]:
    people = people_of(day)
    bar = threshold(people)
    found = set()
    for name, person in people.items():
        if person["customer_type"] != "person":
            continue
        if int(str(person["days_since_last_order"])) >= 120 and not person["has_open_complaint"]:
            found.add((name, "lapsed"))
        if float(str(person["net_revenue_365d"])) >= bar:
            found.add((name, "top"))
        first = person["first_order_date"]
        assert isinstance(first, date)
        if first >= day - timedelta(days=30) or 4 <= int(str(person["order_count"])) <= 6:
            found.add((name, "fresh"))
    return {(name, segment) for name, segment in found if (segment, day) not in STATUS}


def expected_changes() -> set[Change]:
    """Entries and exits by comparing each day with the one before; members of a segment not computed stay."""
    changes: set[Change] = set()
    before: set[tuple[str, str]] = set()
    for day in DAYS:
        standing = {pair for pair in before if STATUS.get((pair[1], day)) == "not_computable"}
        now = members_of(day) | standing
        changes |= {(day, *pair, "entered") for pair in now - before}
        changes |= {(day, *pair, "left") for pair in before - now}
        before = now
    return changes


def version_of(segment: str, day: date) -> int:
    return 2 if segment == "lapsed" and day >= DAYS[7] else 1


def write_seeds(folder: Path) -> None:
    folder.mkdir(parents=True)
    for file in BUSINESS_SEEDS.glob("*.csv"):
        (folder / file.name).write_bytes(file.read_bytes())
    with (folder / "segment_definitions.csv").open(newline="", encoding="utf-8") as lines:
        columns = list(next(csv.reader(lines)))
    with (folder / "segment_definitions.csv").open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, columns)
        writer.writeheader()
        for priority, key in enumerate(("lapsed", "top", "fresh"), start=1):
            writer.writerow({"segment_key": key, "status": "active", "scope": "people", "priority": priority})
    with (folder / "segment_rule_conditions.csv").open("w", newline="", encoding="utf-8") as lines:
        rules = csv.writer(lines)
        rules.writerow(["segment_key", "kind", "alternative", "attribute", "operator", "value", "if_missing"])
        rules.writerows(RULES)


def tables_of(day: date) -> dict[str, str]:
    """The evaluated tables of a day, as SQL by name of `KEPT`."""
    people = people_of(day)
    values = ", ".join(
        f"(date '{day}', '{name}', '{person['customer_type']}', {person['days_since_last_order']}, "
        f"{person['has_open_complaint']}, {person['net_revenue_365d']}::double, date '{person['first_order_date']}', "
        f"{person['order_count']})"
        for name, person in people.items()
    )
    matches = ", ".join(f"(date '{day}', '{name}', '{segment}')" for name, segment in sorted(members_of(day)))
    definitions = ", ".join(
        f"('{key}', 'dynamic', '{STATUS.get((key, day), 'active')}', {priority}::integer,"
        f" {version_of(key, day)}::integer, '{key} {version_of(key, day)}', null::date)"
        for priority, key in enumerate(("lapsed", "top", "fresh"), start=1)
    )
    return {
        "values": f"from (values {values}) as t(as_of_date, customer_id, customer_type, days_since_last_order,"
        " has_open_complaint, net_revenue_365d, first_order_date, order_count)",
        "matches": f"from (values {matches}) as t(as_of_date, customer_id, segment_key)",
        "definitions": f"from (values {definitions}) as t(segment_key, segment_kind, effective_status, priority,"
        " rule_version, rule_fingerprint, expires_on)",
        "percentiles": f"select 'net_revenue_365d' as attribute_name, '80' as percentile, {threshold(people)}::double"
        " as threshold",
        "models": "select null::varchar as model_key, null::varchar as status, null::varchar as reason where false",
    }


def quiet(_: str) -> None:
    return None


@pytest.fixture(scope="module")
def fabricated(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A warehouse that holds one evaluated day, TODAY, and nothing unrelated to segments."""
    home = tmp_path_factory.mktemp("history") / "workspace"
    write_seeds(home / "seeds")
    workspace = Workspace.at(warehouse=str(home / "warehouse.duckdb"))
    with duckdb.connect(str(workspace.warehouse), config={"storage_compatibility_version": "v1.4.0"}) as connection:
        for schema in ("intermediate", "history", "marts", "state", "seeds"):
            connection.execute(f"create schema {schema}")
        for name, text in tables_of(TODAY).items():
            connection.execute(f"create table {KEPT[name]} as {text}")
        connection.execute(f"create table marts.customer_margin as select date '{TODAY}' as as_of_date")
        connection.execute(
            "create table marts.attribute_catalogue as"
            " select 'has_open_complaint' as attribute_name, 'service' as theme"
        )
        connection.execute(
            "create table state.identity_log as select '' as old_customer_id, '' as new_customer_id, '' as change,"
            " current_date as changed_date where false"
        )
        for seed in ("segment_definitions", "segment_rule_conditions", "behaviour_windows"):
            file = f"'{workspace.seeds / seed}.csv'"
            connection.execute(f"create table seeds.{seed} as from read_csv({file}, all_varchar = true, header = true)")
        put_operators(connection)
    run_dbt(workspace, ["run", "--select", *HISTORY_MODELS], variables={"as_of_date": str(TODAY)}, progress=quiet)
    kept = _Kept(workspace, data_state(workspace, OTHER_SEEDS))
    for day in DAYS:
        kept.of(day).mkdir(parents=True)
        for name, text in tables_of(day).items():
            duckdb.connect().execute(f"copy ({text}) to '{kept.of(day) / name}.parquet' (format parquet)")
    return workspace


@pytest.fixture
def copied(fabricated: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(fabricated.home, tmp_path / "workspace", ignore=shutil.ignore_patterns("dbt"))
    return Workspace.at(warehouse=str(tmp_path / "workspace" / "warehouse.duckdb"))


def rows(workspace: Workspace, text: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        return connection.execute(text).fetchall()


CHANGES = "from marts.membership_changes order by all"
STAYS = "from marts.segment_membership_history order by all"
SIZES = "from marts.segment_sizes order by all"
# "first": before TODAY is evaluated, on a warehouse without any history.
ORDERS = {
    "first": DAYS[:-1],
    "forward": DAYS[:-1],
    "backward": DAYS[-2::-1],
    "shuffled": random.Random(5).sample(DAYS[:-1], 8),
}
# (day, customer, segment): change and reason, by hand.
REASONS = {
    (0, "ages", "nothing"): None,
    (0, "leaves", "lapsed"): ("entered", "initial_load"),
    (2, "keeps", "fresh"): (
        "left",
        "first order date on or after 30 days ago: 2026-05-24, threshold 2026-05-24 → 2026-05-25",
    ),
    (1, "grows", "fresh"): ("entered", "4 to 6 orders: 3 → 4"),
    (3, "complains", "lapsed"): ("left", "suppressed: open complaint: no → yes"),
    (4, "complains", "lapsed"): ("entered", "open complaint: yes → no"),
    (4, "ages", "lapsed"): ("entered", "no order in the last 120 days: 119 → 120"),
    (6, "leaves", "lapsed"): ("left", "customer no longer profiled"),
}


@pytest.fixture(scope="module")
def histories(fabricated: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Workspace]:
    """The same days backfilled in four orders."""
    found = {}
    for name, days in ORDERS.items():
        home = tmp_path_factory.mktemp(name) / "workspace"
        shutil.copytree(fabricated.home, home, ignore=shutil.ignore_patterns("dbt"))
        found[name] = Workspace.at(warehouse=str(home / "warehouse.duckdb"))
        if name != "first":
            backfill_days(found[name], days, progress=quiet)
            continue
        with duckdb.connect(str(found[name].warehouse)) as connection:
            for relation in HISTORY:
                connection.execute(f"drop table history.{relation}")
        backfill_days(found[name], days, shown=False, progress=quiet)
        run_dbt(
            found[name],
            ["run", "--select", *HISTORY_MODELS, *SHOWN_MODELS],
            variables={"as_of_date": str(TODAY)},
            progress=quiet,
        )
    return found


@pytest.mark.verify
@pytest.mark.parametrize("order", ORDERS)
def test_members_by_day_match_plain_python_in_any_order(histories: dict[str, Workspace], order: str) -> None:
    found = rows(histories[order], "select as_of_date, customer_id, segment_key, change from marts.membership_changes")
    assert len(found) == len(set(found))
    assert set(found) == expected_changes()


@pytest.mark.verify
@pytest.mark.parametrize("what", [CHANGES, STAYS, SIZES])
def test_history_does_not_depend_on_the_order_of_days(histories: dict[str, Workspace], what: str) -> None:
    forward = rows(histories["forward"], what)
    assert len(forward) > 20
    assert rows(histories["backward"], what) == forward
    assert rows(histories["shuffled"], what) == forward
    assert rows(histories["first"], what) == forward


@pytest.mark.verify
def test_reasons_match_those_written_by_hand(histories: dict[str, Workspace]) -> None:
    found = {
        (DAYS.index(day), customer, segment): (change, reason)  # type: ignore[arg-type]
        for day, customer, segment, change, reason, *_ in rows(histories["shuffled"], CHANGES)
    }
    for key, wanted in REASONS.items():
        assert found.get(key) == wanted, key
    kinds = {
        (DAYS.index(day), segment, change, reason)  # type: ignore[arg-type]
        for day, _, segment, change, reason, *_ in rows(histories["backward"], CHANGES)
    }
    assert {reason for day, segment, _, reason in kinds if segment == "fresh" and day == 4} == {"segment became paused"}
    assert {reason for day, segment, _, reason in kinds if segment == "fresh" and day == 6} == {
        "segment became active with rule v1"
    }
    assert {reason for day, segment, _, reason in kinds if segment == "lapsed" and day == 7} == {"rule changed v1 → v2"}
    assert not [day for day, segment, *_ in kinds if segment == "top" and day == 2]
    compared = rows(histories["shuffled"], f"select distinct previous_as_of_date from marts.membership_changes"
                    f" where segment_key = 'top' and as_of_date = date '{DAYS[3]}'")  # fmt: skip
    assert compared == [(DAYS[1],)]


@pytest.mark.verify
def test_stays_do_not_overlap_and_memberships_have_their_entry_dates(histories: dict[str, Workspace]) -> None:
    workspace = histories["backward"]
    overlapping = rows(
        workspace,
        """
        select * from marts.segment_membership_history as one
        inner join marts.segment_membership_history as other
            on one.customer_id = other.customer_id and one.segment_key = other.segment_key
            and one.valid_from < other.valid_from and coalesce(one.valid_to, date '9999-12-31') > other.valid_from
        """,
    )
    assert overlapping == []
    assert not rows(workspace, "from marts.segment_membership_history where valid_to <= valid_from")
    for day in DAYS:
        on_day = f"valid_from <= date '{day}' and coalesce(valid_to > date '{day}', true)"
        found = rows(workspace, f"select customer_id, segment_key from marts.segment_membership_history where {on_day}")
        expected = members_of(day)
        if day == DAYS[2]:
            expected |= {pair for pair in members_of(DAYS[1]) if pair[1] == "top"}
        assert set(found) == expected, day
    entered = rows(workspace, "select customer_id, segment_key, entered_date from marts.segment_memberships")
    stays = rows(workspace, "select customer_id, segment_key, valid_from from marts.segment_membership_history"
                 " where valid_to is null")  # fmt: skip
    assert set(entered) == set(stays)
    assert {(customer, segment) for customer, segment, _ in entered} == members_of(TODAY)


@pytest.mark.verify
def test_a_killed_backfill_continues_where_it_stopped(copied: Workspace, histories: dict[str, Workspace]) -> None:
    days = ", ".join(f"date.fromisoformat('{day}')" for day in ORDERS["shuffled"])
    program = (
        "from datetime import date\nfrom scripts.segments.backfill import backfill_days\n"
        "from scripts.platform.workspace import Workspace\n"
        f"backfill_days(Workspace.at(warehouse={str(copied.warehouse)!r}), [{days}],"
        " progress=lambda line: print(line, flush=True))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    for line in process.stdout:
        if line.startswith("day 3 of"):
            with pytest.raises(UserError, match="another process is building past days"):
                backfill_days(copied, ORDERS["forward"], progress=quiet)
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    done = rows(copied, "select count(distinct as_of_date) from history.segment_evaluations")
    assert 4 <= int(str(done[0][0])) < len(DAYS)
    messages: list[str] = []
    backfill_days(copied, ORDERS["shuffled"], progress=messages.append)
    assert messages[0].startswith("3 of 8 days are in the history already")
    for what in (CHANGES, STAYS, SIZES):
        assert rows(copied, what) == rows(histories["forward"], what)


@pytest.mark.verify
def test_an_ad_hoc_segment_keeps_its_first_members_until_it_expires(copied: Workspace) -> None:
    """Frozen on TODAY, its first day: customers who are gone leave, nobody enters, and after its last day all leave."""
    kept = _Kept(copied, data_state(copied, OTHER_SEEDS))
    for ahead in (1, 2):
        day = TODAY + timedelta(days=ahead)
        with duckdb.connect(str(copied.warehouse)) as connection:
            connection.execute(
                "update intermediate.int_segment_definitions set segment_kind = 'ad_hoc', expires_on = $last"
                " where segment_key = 'lapsed'",
                {"last": TODAY + timedelta(days=1)},
            )
            connection.execute("delete from history.int_segment_values where customer_id = 'leaves'")
            connection.execute(
                f"insert into history.int_segment_values select * replace (date '{day}' as as_of_date)"
                f" from history.int_segment_values where as_of_date = date '{TODAY}' and customer_id <> 'ages'"
            )
            connection.execute("update intermediate.int_segment_matches set customer_id = 'keeps'")
        run_dbt(
            copied,
            ["run", "--select", *HISTORY_MODELS, "membership_changes"],
            variables={"as_of_date": str(day)},
            progress=quiet,
        )
    assert kept.has(TODAY)
    lapsed = {name for name, segment in members_of(TODAY) if segment == "lapsed"}
    found = rows(copied, "select as_of_date, customer_id, change, reason from marts.membership_changes"
                 f" where segment_key = 'lapsed' and as_of_date > date '{TODAY}'")  # fmt: skip
    first, second = TODAY + timedelta(days=1), TODAY + timedelta(days=2)
    assert {row for row in found if row[0] == first} == {
        (first, name, "left", "customer no longer profiled") for name in lapsed & {"ages", "leaves"}
    }
    assert {row for row in found if row[0] == second} == {
        (second, name, "left", f"segment expired after {first}") for name in lapsed - {"ages", "leaves"}
    }


@pytest.mark.verify
def test_only_history_older_than_the_kept_days_is_deleted(
    histories: dict[str, Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three days and the one before them are kept; stays that reach it keep their first day and reason."""
    home = tmp_path / "workspace"
    shutil.copytree(histories["shuffled"].home, home, ignore=shutil.ignore_patterns("dbt"))
    workspace = Workspace.at(warehouse=str(home / "warehouse.duckdb"))
    oldest = TODAY - timedelta(days=3)
    stays = rows(workspace, STAYS)
    changes = rows(workspace, CHANGES)
    lasting = [row for row in stays if row[3] is None or row[3] >= oldest]  # type: ignore[operator]
    assert any(row[2] < oldest for row in lasting) and len(lasting) < len(stays)  # type: ignore[operator]
    kept = _Kept(workspace, data_state(workspace, OTHER_SEEDS))
    for _ in range(2):
        kept.load(workspace, TODAY, list(KEPT))
        run_dbt(
            workspace,
            ["run", "--select", *HISTORY_MODELS, *SHOWN_MODELS],
            variables={"as_of_date": str(TODAY), "segment_history_days": 3},
            progress=quiet,
        )
        assert rows(workspace, STAYS) == lasting
        assert [row for row in rows(workspace, CHANGES) if row[0] >= oldest] == [  # type: ignore[operator]
            row
            for row in changes
            if row[0] >= oldest  # type: ignore[operator]
        ]
        for relation in ("segment_evaluations", "int_segment_thresholds"):
            days = rows(workspace, f"select distinct as_of_date from history.{relation} order by 1")
            assert days == [(day,) for day in DAYS[-4:]]
    # Members of every kept day are still those of plain Python.
    for day in DAYS[-4:]:
        on_day = f"valid_from <= date '{day}' and coalesce(valid_to > date '{day}', true)"
        found = rows(workspace, f"select customer_id, segment_key from marts.segment_membership_history where {on_day}")
        assert set(found) == members_of(day), day

    with pytest.raises(CheckFailed, match="2026-06-26 is before 2026-06-27, the oldest day of history"):
        run_dbt(
            workspace,
            ["run", "--select", "segment_evaluations"],
            variables={"as_of_date": str(DAYS[-5]), "segment_history_days": 3},
            progress=quiet,
        )
    monkeypatch.setattr("scripts.segments.backfill.built_var", lambda _, name: {"segment_history_days": 3}[name])
    with pytest.raises(UserError, match=r"2026-06-26 is before 2026-06-27, the oldest day that segment_history_days"):
        backfill_days(workspace, [DAYS[-5]], progress=quiet)


def test_days_that_cannot_be_evaluated_are_refused(tmp_path: Path) -> None:
    workspace = Workspace.at(warehouse=str(tmp_path / "warehouse.duckdb"))
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.customer_margin as select date '{TODAY}' as as_of_date")
    with pytest.raises(UserError, match="--from 2026-06-02 is after --to 2026-06-01"):
        backfill(workspace, date(2026, 6, 2), date(2026, 6, 1))
    with pytest.raises(UserError, match="--every 0"):
        backfill(workspace, date(2026, 6, 1), date(2026, 6, 2), 0)
    with pytest.raises(UserError, match="2026-06-30 is not before 2026-06-30"):
        backfill(workspace, date(2026, 6, 29), TODAY)
    with pytest.raises(UserError, match="holds no history yet"):
        backfill(workspace, date(2026, 6, 1), date(2026, 6, 2))
