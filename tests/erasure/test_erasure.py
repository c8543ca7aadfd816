"""One person is erased from the demo: no trace of them is left anywhere, and nobody else's data has changed."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scripts.erasure.command import Request, erase
from scripts.intake.command import intake
from scripts.pipeline import steps
from scripts.platform.versions import content_checksums
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace
from tests.support.everywhere import Subject, places
from tests.support.workspaces import workspace_in

pytestmark = pytest.mark.verify

MONEY = """
    select 'shop orders', count(distinct id), sum(total_price) from raw_shopify."order" union all
    select 'shop lines', count(*), sum(price * quantity) from raw_shopify.order_line union all
    select 'shop payments', count(*), sum(amount) from raw_shopify.transaction union all
    select 'refund lines', count(*), sum(subtotal) from raw_shopify.order_line_refund union all
    select 'receipts', count(distinct receipt_id), sum(total_amount) from raw_pos.receipt union all
    select 'receipt lines', count(*), sum(unit_price * quantity) from raw_pos.receipt_line union all
    select 'market orders', count(distinct order_id), sum(commission_amount) from raw_marketplace."order" union all
    select 'returns', count(*), sum(refund_amount) from raw_returns.return_line union all
    select 'points', count(*), sum(points) from raw_loyalty.points_movement
"""
MART_MONEY = """
    select count(*), sum(gross_revenue), sum(discounts), sum(returns_amount), sum(net_revenue), sum(tax),
        sum(amount_paid), count(*) filter (where is_counted) from orders
"""


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with open_warehouse(file, read_only=True) as connection:
        return connection.execute(query).fetchall()


def subject_of(workspace: Workspace) -> tuple[dict[str, str], Subject]:
    """A person with an account in every system, and all their identifiers in the raw tables."""
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        row = connection.execute(
            """
            select lower(c.email), c.phone, c.customer_number, c.loyalty_number, c.shopify_customer_id, c.profile_id,
                lower(c.first_name), lower(c.last_name), lower(c.street), k.id,
                (select count(distinct o.profile_id) from raw_crm.profile as o where ends_with(o.street, c.street)) = 1
                    as has_own_street
            from raw_crm.profile as c
            inner join raw_klaviyo.person as k on lower(trim(c.email)) = lower(trim(k.email))
            where coalesce(c.customer_type, 'person') not in ('test', 'staff', 'wholesaler')
                and length(regexp_replace(c.phone, '[^0-9]', '', 'g')) >= 10
                and (select count(distinct o.profile_id) from raw_crm.profile as o
                    where o.first_name = c.first_name and o.last_name = c.last_name) = 1
                and (select count(distinct o.profile_id) from raw_crm.profile as o
                    where lower(o.email) = lower(c.email) or o.phone = c.phone) = 1
                and exists (select 1 from raw_web.identifies as i where i.user_id = c.shopify_customer_id)
                and exists (select 1 from raw_shopify."order" as o where o.customer_id = c.shopify_customer_id)
                and exists (select 1 from raw_pos.receipt as o where o.loyalty_number = c.loyalty_number)
            order by has_own_street desc, c.profile_id limit 1
            """
        ).fetchone()
        assert row
        email, phone, number, card, account, crm, first, last, street, klaviyo = (str(value) for value in row[:-1])
        browsers = {
            str(name).lower()
            for (name,) in connection.execute(
                "select distinct anonymous_id from raw_web.identifies where user_id = ? and anonymous_id not in "
                "(select anonymous_id from raw_web.identifies where user_id <> ?)",
                [account, account],
            ).fetchall()
        }
    digits = "".join(character for character in phone if character.isdigit())
    national = digits.removeprefix("44").removeprefix("0")
    texts = {email, number.lower(), card.lower(), account, crm.lower(), klaviyo.lower()} | browsers
    if row[-1]:
        # A street shared with others does not identify the person by itself.
        texts.add(street)
    assert len(texts) >= 8 and len(national) >= 9
    given = {"email": email, "phone": phone, "loyalty_number": card}
    return given, Subject(texts, {national}, (first, last))


def others(workspace: Workspace, customer_id: str) -> dict[str, Any]:
    """Row counts and checksums of everybody else's rows in the published version."""
    marts = workspace.published.resolve() / "marts.duckdb"
    found: dict[str, Any] = {}
    with duckdb.connect(str(marts), read_only=True) as connection:
        for (table,) in connection.execute(
            "select table_name from duckdb_columns() where column_name = 'customer_id' and schema_name = 'main'"
        ).fetchall():
            found[table] = connection.execute(
                f"select count(*), sum(cast(hash(t) as hugeint)) from {table} as t "
                "where customer_id is not null and customer_id <> ?",
                [customer_id],
            ).fetchone()
    return found


@pytest.fixture(scope="module")
def erased(demo_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A copy of the demo from which one person was erased, with its state before."""
    home = tmp_path_factory.mktemp("erased") / "workspace"
    shutil.copytree(demo_workspace.home, home, symlinks=True)
    workspace = workspace_in(home)
    given, subject = subject_of(workspace)
    # Copies that people make: a note, a mailing list, an extract, a backup; and a text that mentions the person.
    (home / "notes.txt").write_text(f"call {subject.name[0]} on {given['phone']}, or {given['email']}\n")
    with gzip.open(home / "mailing.csv.gz", "wt") as file:
        file.write(f"email,first_name\nsomebody@example.com,Jo\n{given['email']},{subject.name[0]}\n")
    shutil.copy(workspace.warehouse, home / "warehouse.backup")
    with open_warehouse(workspace.warehouse) as connection:
        connection.execute("create schema scratch")
        connection.execute("create table scratch.list as select email, first_name from raw_crm.profile")
        connection.execute(f"copy (select * from raw_klaviyo.person) to '{home / 'extract.parquet'}' (format parquet)")
        connection.execute(
            "update raw_zendesk.ticket set description = description || ? where id = (select min(id) from "
            "raw_zendesk.ticket)",
            [f" My friend {given['email'].upper()} has the same."],
        )
        customer_id = connection.execute(
            "select distinct customer_id from intermediate.int_customer_identities as i "
            "inner join intermediate.int_identity_profiles as p on i.profile_key = p.profile_key where p.email = ?",
            [given["email"]],
        ).fetchall()
    assert len(customer_id) == 1
    before = {
        "places": places(home, subject, (workspace.landing,)),
        "money": rows(workspace.warehouse, MONEY),
        "marts": rows(workspace.published / "marts.duckdb", MART_MONEY),
        "others": others(workspace, customer_id[0][0]),
        "sizes": rows(workspace.published / "marts.duckdb", "from segment_sizes order by all"),
    }
    said: list[str] = []
    erase(workspace, [Request((("email", given["email"]),))], progress=said.append)
    yield {
        "workspace": workspace,
        "given": given,
        "subject": subject,
        "before": before,
        "said": said,
        "id": customer_id[0][0],
    }


def test_nothing_of_the_person_is_left_anywhere(erased: dict[str, Any]) -> None:
    workspace, subject, before = erased["workspace"], erased["subject"], erased["before"]["places"]
    kinds = ("warehouse.duckdb: raw_", "warehouse.duckdb: bytes", "notes.txt", "mailing.csv.gz", "extract.parquet",
             "warehouse.duckdb: scratch", "warehouse.duckdb: staging", "warehouse.duckdb: pii", "warehouse.backup",
             "raw_zendesk.ticket: \"description\"")  # fmt: skip
    for kind in kinds:  # the search finds them all beforehand
        assert any(kind in place for place in before), kind
    assert places(workspace.home, subject, (workspace.landing,)) == []


def test_the_customer_is_gone_from_every_version_and_aggregates_are_unchanged(erased: dict[str, Any]) -> None:
    workspace, before, customer_id = erased["workspace"], erased["before"], erased["id"]
    version = workspace.published.resolve()
    for file in ("marts.duckdb", "activation.duckdb"):
        assert customer_id.encode() not in (version / file).read_bytes()
    assert others(workspace, customer_id) == before["others"]
    assert rows(version / "marts.duckdb", MART_MONEY) == before["marts"]
    assert rows(version / "marts.duckdb", "from segment_sizes order by all") == before["sizes"]
    manifest = json.loads((version / "manifest.json").read_text())
    assert manifest["erased_at"]
    stated = {name: relation["checksum"] for name, relation in manifest["relations"].items()}
    assert stated == content_checksums(version / "marts.duckdb") | content_checksums(version / "activation.duckdb")
    for file in (version / "parquet").glob("*.parquet"):
        relation = manifest["relations"][f"marts.{file.stem}"]
        assert duckdb.sql(f"select count(*) from '{file}'").fetchall() == [(relation["rows"],)]


def test_money_stays_to_the_cent(erased: dict[str, Any]) -> None:
    assert rows(erased["workspace"].warehouse, MONEY) == erased["before"]["money"]


def test_the_same_files_do_not_bring_the_person_back(erased: dict[str, Any], tmp_path: Path) -> None:
    workspace, subject = erased["workspace"], erased["subject"]
    assert intake(workspace, progress=lambda _: None).total.accepted == 0
    # A new warehouse beside the tombstones; then everything is delivered once more under other names.
    home = tmp_path / "fresh"
    home.mkdir()
    shutil.copytree(workspace.landing, home / "landing")
    (home / "erasures").mkdir()
    shutil.copy(workspace.home / "erasures" / "tombstones.json", home / "erasures")
    fresh = workspace_in(home)
    total = intake(fresh, progress=lambda _: None).total
    assert total.erased > 0
    assert total.landed == total.accepted + total.duplicates + total.rejected + total.erased
    assert places(home, subject, (fresh.landing,)) == []
    assert rows(fresh.warehouse, MONEY) == erased["before"]["money"]
    stored = rows(fresh.warehouse, 'select count(*) from raw_shopify."order"')
    for file in sorted((fresh.landing / "shopify" / "order").iterdir()):
        shutil.copy(file, file.with_name(f"again_{file.name}"))
    again = intake(fresh, progress=lambda _: None).total
    assert (again.accepted, again.erased) == (0, 0) and again.duplicates > 0
    assert rows(fresh.warehouse, 'select count(*) from raw_shopify."order"') == stored


def test_a_certificate_without_personal_data_is_kept(erased: dict[str, Any]) -> None:
    folder = erased["workspace"].home / "erasures"
    (certificate,) = [json.loads(file.read_text()) for file in folder.glob("*.json") if file.name != "tombstones.json"]
    assert certificate["outcome"] == "erased"
    assert certificate["raw_tables"]["crm/profile"]["deleted"] >= 1
    assert certificate["searched"]["places_left"] == 0
    assert not list(folder.glob(".journal*"))
    assert (folder / "tombstones.json").stat().st_mode & 0o077 == 0
    assert not any(text in line.lower() for line in erased["said"] for text in erased["subject"].texts)


def test_a_planted_survivor_is_found(erased: dict[str, Any]) -> None:
    workspace, subject, email = erased["workspace"], erased["subject"], erased["given"]["email"]
    planted = workspace.home / "planted"
    planted.mkdir()
    try:
        duckdb.sql(f"copy (select ['x', '{email}'] as list) to '{planted / 'a.parquet'}' (format parquet)")
        with gzip.open(planted / "b.json.gz", "wt") as file:
            json.dump({"to": email.upper()}, file)
        with duckdb.connect(str(planted / "c.duckdb")) as connection:
            connection.execute(f"create table t as select 'tel. {erased['given']['phone']}' as note")
        found = places(workspace.home, subject, (workspace.landing,))
        assert {place.split(":")[0] for place in found} == {f"planted/{name}" for name in ("a.parquet", "b.json.gz",
                                                                                          "c.duckdb")}  # fmt: skip
    finally:
        shutil.rmtree(planted)


def test_another_build_and_publish_bring_nothing_back(erased: dict[str, Any]) -> None:
    workspace, subject = erased["workspace"], erased["subject"]
    steps.build(workspace, progress=lambda _: None)
    steps.build(workspace, select="destination_removals", progress=lambda _: None)
    from scripts.serving.publish import publish

    publish(workspace, lambda _: None)
    assert places(workspace.home, subject, (workspace.landing,)) == []
    version = workspace.published.resolve()
    assert rows(version / "marts.duckdb", MART_MONEY) == erased["before"]["marts"]
    removals = rows(
        version / "activation.duckdb", "select destination, channel, hashed_identifier from destination_removals"
    )
    assert {"meta", "google", "tiktok", "mailchimp", "other"} == {row[0] for row in removals}
    assert rows(version / "marts.duckdb", f"select 1 from customers where customer_id = '{erased['id']}'") == []
