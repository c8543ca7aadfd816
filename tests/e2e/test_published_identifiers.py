"""No published file contains an e-mail address, phone or card number, full name or address of a simulated person."""

from __future__ import annotations

import html
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pytest

from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

# Kind of identifier, and the raw columns that contain it.
RAW_COLUMNS = {
    "e-mail": [
        "raw_shopify.customer.email", "raw_shopify.order.email", "raw_shopify.abandoned_checkout.email",
        "raw_crm.profile.email", "raw_klaviyo.person.email", "raw_loyalty.member.email", "raw_pos.receipt.email",
        "raw_zendesk.user.email", "raw_hubspot.contact.property_email", "raw_consent.consent_event.email",
        "raw_campaigns.send.email", "raw_external_lists.list_member.member_email", "raw_marketplace.order.buyer_email",
        "raw_surveys.response.email", "raw_web.identifies.email",
    ],
    "phone": [
        "raw_shopify.customer.phone", "raw_shopify.order.phone", "raw_crm.profile.phone", "raw_pos.receipt.phone",
        "raw_klaviyo.person.phone_number", "raw_loyalty.member.phone", "raw_consent.consent_event.phone",
        "raw_zendesk.user.phone",
    ],
    "card": ["raw_loyalty.member.loyalty_number", "raw_crm.profile.customer_number"],
    "name": [
        "raw_crm.profile.first_name || ' ' || last_name", "raw_shopify.customer.first_name || ' ' || last_name",
        "raw_crm.profile.last_name || ' ' || first_name", "raw_klaviyo.person.first_name || ' ' || last_name",
        "raw_zendesk.user.name", "raw_marketplace.order.ship_name",
    ],
    "address": ["raw_crm.profile.street", "raw_crm.profile.postcode", "raw_shopify.order.shipping_address_zip"],
}  # fmt: skip
PHONE = re.compile(r"(?<![0-9.])[+(]?[0-9](?:[ ()/-]{0,2}[0-9]){8,14}(?![0-9.])")
WORD = re.compile(r"[0-9a-zà-öø-ÿ]+")
# Columns of these types contain no identifiers.
PLAIN_TYPES = ("DOUBLE", "FLOAT", "DECIMAL", "BOOLEAN", "DATE", "TIMESTAMP")
Found = set[tuple[str, str]]


class Identifiers:
    """All identifiers of the demo's persons, to search for in any text."""

    def __init__(self, warehouse: Path) -> None:
        self.sequences: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        self.examples: dict[str, str] = {}
        self.numbers: set[str] = set()
        self.surnames: set[str] = set()
        with open_warehouse(warehouse, read_only=True) as connection:
            for kind, places in RAW_COLUMNS.items():
                for place in places:
                    schema, table, expression = place.split(".", 2)
                    rows = connection.execute(f'select distinct {expression} from {schema}."{table}"').fetchall()
                    self._add(kind, [value for (value,) in rows if value])
            rows = connection.execute("select distinct lower(last_name) from raw_crm.profile").fetchall()
            self.surnames = {name for (name,) in rows if name}
        self.firsts = {sequence[0] for sequences in self.sequences.values() for sequence in sequences}

    def _add(self, kind: str, values: Iterable[str]) -> None:
        for value in values:
            if kind == "phone":
                digits = re.sub("[^0-9]", "", value.replace("(0)", ""))
                if len(digits) < 9:
                    continue
                self.numbers |= {digits, f"0{digits[2:]}"} if digits.startswith("44") else {digits}
                self.examples.setdefault(kind, value)
            elif kind == "e-mail" and not re.search("@.+[.]", value):
                continue  # What staff type at the till instead of an address is not an identifier.
            elif (words := tuple(WORD.findall(value.lower()))) and len(value) > 4:
                self.sequences[kind].add(words)
                self.examples.setdefault(kind, value)

    def kinds_in(self, text: str) -> Iterator[str]:
        """The kinds of identifier that the text contains."""
        for match in PHONE.finditer(text):
            if re.sub("[^0-9]", "", match.group().replace("(0)", "")) in self.numbers:
                yield "phone"
        words = WORD.findall(text.lower())
        for place, word in enumerate(words):
            if word in self.firsts:
                for kind, sequences in self.sequences.items():
                    if any(tuple(words[place : place + length]) in sequences for length in range(1, 7)):
                        yield kind


def search(folder: Path, identifiers: Identifiers, pages: Iterable[Path] = ()) -> Found:
    """Pairs of place and kind of identifier: in every database, Parquet and text file below `folder`, and in `pages`.

    activation.duckdb is not for readers and is skipped.
    """
    found: Found = set()
    known: dict[str, list[str]] = {}

    def look(place: str, values: Iterable[str]) -> None:
        for value in values:
            if value not in known:
                known[value] = list(identifiers.kinds_in(value))
            found.update((place, kind) for kind in known[value])

    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        if file.name == "activation.duckdb":
            continue
        if file.suffix in (".duckdb", ".parquet"):
            for relation, column, values in _columns(file):
                place = f"{file.name}:{relation}.{column}"
                look(place, values)
                # One surname may be an ordinary word; a column with several is not.
                if len({value.lower() for value in values} & identifiers.surnames) >= 5:
                    found.add((place, "name"))
        else:
            look(file.name, [_text(file)])
    for page in pages:
        look(page.name, [_text(page)])
    return found


def _text(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    return html.unescape(re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text))


def _columns(file: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Every column of a database or Parquet file that may contain text, with its distinct values; and all comments."""
    with duckdb.connect(
        str(file) if file.suffix == ".duckdb" else ":memory:", read_only=file.suffix == ".duckdb"
    ) as db:
        if file.suffix == ".parquet":
            db.execute(f"create view {file.stem} as select * from read_parquet('{file}')")
        columns = db.execute(
            "select table_name, column_name, data_type, comment from duckdb_columns() where not internal"
        ).fetchall()
        yield "comments", "all", [comment for *_, comment in columns if comment]
        for table, column, data_type, _ in columns:
            if not data_type.startswith(PLAIN_TYPES):
                values = db.execute(f'select distinct cast("{column}" as varchar) from "{table}"').fetchall()
                yield table, column, [value for (value,) in values if value]


@pytest.fixture(scope="module")
def identifiers(demo_workspace: Workspace) -> Identifiers:
    return Identifiers(demo_workspace.warehouse)


def test_no_identifier_of_a_simulated_person_is_published(demo_workspace: Workspace, identifiers: Identifiers) -> None:
    assert set(identifiers.sequences) == {"e-mail", "card", "name", "address"}
    assert min(len(found) for found in identifiers.sequences.values()) > 100, "the search would be vacuous"
    assert len(identifiers.numbers) > 500
    assert search(demo_workspace.published.resolve(), identifiers, [demo_workspace.home / "report.html"]) == set()


def test_planted_identifiers_are_found_everywhere(
    demo_workspace: Workspace, identifiers: Identifiers, tmp_path: Path
) -> None:
    """Identifiers of every kind, in every kind of file, within other text or alone."""
    folder = tmp_path / "published"
    shutil.copytree(demo_workspace.published.resolve(), folder, ignore=shutil.ignore_patterns("parquet"))
    (folder / "parquet").mkdir()
    examples = identifiers.examples
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        sku = "(select min(sku) from products)"
        for column, kind in (("product_name", "name"), ("brand", "address")):
            connection.execute(
                f"update products set {column} = ? where sku = {sku}", [f"made for {examples[kind].upper()}, gladly"]
            )
        connection.execute("comment on column orders.order_id is 'such as that of " + examples["e-mail"] + "'")
        card = examples["card"]
        connection.execute(
            f"copy (select '{card}' as loyalty_number) to '{folder / 'parquet' / 'cards.parquet'}' (format parquet)"
        )
        names = ", ".join(f"('{name.title()}')" for name in sorted(identifiers.surnames)[:6] if "'" not in name)
        connection.execute(
            f"copy (select * from (values {names}) as names (family)) to '{folder / 'parquet' / 'families.parquet'}'"
        )
    phone = re.sub("[^0-9]", "", examples["phone"])
    with (folder / "manifest.json").open("a", encoding="utf-8") as manifest:
        manifest.write(f'{{"call": "{phone[:5]} {phone[5:]}"}}')
    page = tmp_path / "report.html"
    page.write_text(f"<p>Dear {examples['name'].replace(' ', '&nbsp;')}</p>", encoding="utf-8")
    assert search(folder, identifiers, [page]) == {
        ("marts.duckdb:products.product_name", "name"),
        ("marts.duckdb:products.brand", "address"),
        ("marts.duckdb:comments.all", "e-mail"),
        ("cards.parquet:cards.loyalty_number", "card"),
        ("families.parquet:families.family", "name"),
        ("manifest.json", "phone"),
        ("report.html", "name"),
    }
