"""Finds one person's data: from given identifiers to all identifiers, profiles and records of the person."""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from scripts.erasure.normal import normalised
from scripts.erasure.redact import IDS, Redactor, candidates
from scripts.platform.contracts import Source, Table
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.privacy import IDENTIFIERS, PROFILE_KINDS, RECORDS
from scripts.platform.warehouse import literal, quote

# The identifiers that a request may give, named as on the command line.
GIVEN = ("email", "phone", "loyalty_number", "customer_number", "shop_customer_id")
# Enough for every chain of records observed; the search at the end shows whatever is left.
ROUNDS = 6


@dataclass
class Person:
    """One person to erase: everything that identifies their rows. Holds identifiers; never print it."""

    erasure_id: str
    given: list[tuple[str, str]]
    customer_ids: list[str] = field(default_factory=list)
    profile_keys: list[str] = field(default_factory=list)
    ids: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        """Whether the person has any profile or row."""
        return bool(self.customer_ids) or len(self.ids) > len(self.given)


def normalise_given(
    connection: duckdb.DuckDBPyConnection, given: list[tuple[str, str]], country: str
) -> list[tuple[str, str]]:
    """The identifiers of a request, normalised; UserError for one that is malformed."""
    found = []
    for kind, value in given:
        row = connection.execute(f"select {normalised(kind, 'v', country)} from (select ? as v)", [value]).fetchone()
        if not row or not row[0]:
            words = kind.replace("_", " ")
            raise UserError(f"the {words} given is not valid; check it and give it again")
        found.append((kind, str(row[0])))
    return sorted(set(found))


def resolve(connection: duckdb.DuckDBPyConnection, person: Person) -> None:
    """Find the customer whom the given identifiers identify; fills customer_ids, profile_keys and the first ids.

    Raises CheckFailed when they identify several people, or when all of them are shared.
    """
    need_identities(connection)
    customers: set[str] = set()
    shared: list[str] = []
    for kind, value in person.given:
        linking = _strings(
            connection,
            "select distinct i.customer_id from intermediate.int_identity_edges as e "
            "inner join intermediate.int_customer_identities as i on e.profile_key = i.profile_key "
            "where lower(e.identifier) = ?",
            [f"{kind}:{value}"],
        )
        showing = _strings(
            connection,
            f"select distinct profile_key from intermediate.int_identity_profiles where lower({quote(kind)}) = ?",
            [value],
        )
        if linking:
            customers.update(linking)
        elif showing:
            shared.append(kind.replace("_", " "))
    if len(customers) > 1:
        raise CheckFailed(f"the identifiers given belong to {len(customers)} people; make one request for each of them")
    if not customers and shared:
        raise CheckFailed(
            f"the {' and the '.join(shared)} given are shared by several people or belong to nobody, so they do "
            "not identify the person to erase; give their loyalty, customer or account number"
        )
    person.customer_ids = sorted(customers)
    ids = set() if shared else set(person.given)
    for customer_id in customers:
        rows = connection.execute(
            "select profile_key, source_system, source_profile_id from intermediate.int_customer_identities "
            "where customer_id = ?",
            [customer_id],
        ).fetchall()
        person.profile_keys += [row[0] for row in rows]
        for _, system, profile_id in rows:
            if profile_kind := PROFILE_KINDS.get(system):
                ids.add((profile_kind, str(profile_id).lower()))
        ids.update(
            (str(row[0]).split(":", 1)[0], str(row[0]).split(":", 1)[1].lower())
            for row in connection.execute(
                "select distinct e.identifier from intermediate.int_identity_edges as e "
                "inner join intermediate.int_customer_identities as i on e.profile_key = i.profile_key "
                "where i.customer_id = ?",
                [customer_id],
            ).fetchall()
        )
    person.ids = sorted(pair for pair in ids if pair[0] in (*IDENTIFIERS, *RECORDS))


def collect(connection: duckdb.DuckDBPyConnection, sources: dict[str, Source], person: Person, country: str) -> None:
    """Add further identifiers that only the person has, found on their rows in all versions of the raw tables."""
    redactor = Redactor(connection, country, by_hash=False)
    tables = [
        table for source in sources.values() for table in source.tables.values()
        if table.privacy.rows not in ("none", "request") and _exists(connection, table.schema, table.name)
    ]  # fmt: skip
    known, refused = set(person.ids), set[tuple[str, str]]()
    for _ in range(ROUNDS):
        person.ids = sorted(known)
        load_ids(connection, [person])
        found: set[tuple[str, str]] = set()
        for table in tables:
            if redactor.find(table):
                found.update(candidates(redactor, table))
        new = found - known - refused
        accepted = {pair for pair in new if _is_theirs_alone(connection, tables, person, *pair, country)}
        refused |= new - accepted
        if not accepted:
            return
        known |= accepted


def load_ids(connection: duckdb.DuckDBPyConnection, persons: list[Person]) -> None:
    """Fill `temp.erasure_ids` with the known identifiers and records of the persons."""
    connection.execute("create or replace temp table erasure_ids (kind varchar, value varchar, erasure_id varchar)")
    rows = [[kind, value, person.erasure_id] for person in persons for kind, value in person.ids]
    if rows:
        connection.executemany(f"insert into {IDS} values (?, ?, ?)", rows)


def legal_hold(connection: duckdb.DuckDBPyConnection, sources: dict[str, Source], person: Person, country: str) -> bool:
    """Whether the newest consent event of any channel puts the person's data under a legal hold."""
    table = sources["consent"].tables["consent_event"] if "consent" in sources else None
    if table is None or not _exists(connection, table.schema, table.name):
        return False
    load_ids(connection, [person])
    if not Redactor(connection, country, by_hash=False).find(table):
        return False
    return bool(
        _strings(
            connection,
            f"select 'hold' from (select max_by(lower(status), occurred_at) as status from {quote(table.schema)}."
            f"{quote(table.name)} where rowid in (select id from temp.erasure_touched where is_own) "
            "and lower(purpose) = 'legal_hold' group by lower(channel)) as holds where status = 'opted_out'",
        )
    )


def need_identities(connection: duckdb.DuckDBPyConnection) -> None:
    """UserError unless the warehouse has resolved identities."""
    for name in ("int_customer_identities", "int_identity_profiles", "int_identity_edges"):
        if not _exists(connection, "intermediate", name):
            raise UserError(
                "the warehouse has no resolved customers yet; run `python -m scripts build`, then erase again"
            )


def _is_theirs_alone(
    connection: duckdb.DuckDBPyConnection, tables: list[Table], person: Person, kind: str, value: str, country: str
) -> bool:
    """Whether no other customer's profile has the identifier, and it is neither blocked nor a shared browser."""
    if kind in RECORDS:
        return True
    if kind in GIVEN:
        blocked = _exists(connection, "seeds", "blocked_identifiers") and _strings(
            connection,
            "select 'blocked' from seeds.blocked_identifiers where "
            "identifier_type = $1 and regexp_extract(lower(cast($2 as varchar)), pattern, 0) <> '' "
            "or identifier_type = 'any' "
            "and regexp_extract(regexp_replace(lower(cast($2 as varchar)), '[^a-z0-9@+]', '', 'g'), pattern, 0) <> ''",
            [kind, value],
        )
        others = _strings(
            connection,
            f"select 'other' from intermediate.int_identity_profiles as p "
            f"inner join intermediate.int_customer_identities as i on p.profile_key = i.profile_key "
            f"where lower(p.{quote(kind)}) = ? and i.customer_id not in (select unnest(?)) limit 1",
            [value, person.customer_ids],
        )
        return not blocked and not others
    systems = [system for system, system_kind in PROFILE_KINDS.items() if system_kind == kind]
    others = _strings(
        connection,
        "select 'other' from intermediate.int_customer_identities where source_system in (select unnest(?)) "
        "and lower(source_profile_id) = ? and customer_id not in (select unnest(?)) limit 1",
        [systems, value, person.customer_ids],
    )
    return not others and not (kind == "browser_id" and _is_shared_browser(connection, tables, value, country))


def _is_shared_browser(connection: duckdb.DuckDBPyConnection, tables: list[Table], value: str, country: str) -> bool:
    """Whether anybody other than the person has ever logged in from a browser."""
    for table in tables:
        browsers = table.privacy.of_kind("browser_id")
        accounts = [(n, k) for n, k in table.privacy.columns.items() if k in ("shop_customer_id", "email")]
        if not browsers or not accounts:
            continue
        strangers = " or ".join(
            f"({normalised(kind, quote(name), country)} not in (select value from {IDS} where kind = {literal(kind)}))"
            for name, kind in accounts
        )
        if _strings(
            connection,
            f"select 'other' from {quote(table.schema)}.{quote(table.name)} "
            f"where lower(trim({quote(browsers[0])})) = ? and ({strangers}) limit 1",
            [value],
        ):
            return True
    return False


def _exists(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    return bool(
        _strings(
            connection,
            "select table_name from information_schema.tables where table_catalog = current_database() "
            "and table_schema = ? and table_name = ?",
            [schema, name],
        )
    )


def _strings(connection: duckdb.DuckDBPyConnection, query: str, parameters: list[object] | None = None) -> list[str]:
    return [row[0] for row in connection.execute(query, parameters or []).fetchall()]
