"""How well profiles were resolved to people: compared with the simulator's truth, or what can be measured without it.

Two profiles make a pair. Precision is the share of the pairs joined that truly are one person; recall is the share of
the pairs that are one person that were joined. Pairs are counted from group sizes, never listed. The true owner of a
profile is known for `person_id` >= 0; other profiles belong to nobody in particular, such as a till's own address, and
are counted separately. There are three recalls, because a browser that was never logged in to cannot be matched:

- over all profiles: a profile unknown to the resolution counts as alone;
- over profiles that show an identifier, including blocked ones: the headline;
- of what is reachable: pairs joined by a chain of identifier values through the true person's own profiles, except
  values excluded by the seed blocked_identifiers. A value that several people share still counts as reachable.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from scripts.platform.errors import UserError
from scripts.platform.files import replace_file
from scripts.platform.progress import Progress
from scripts.platform.warehouse import open_warehouse
from scripts.platform.workspace import Workspace

REPORT = "identity_report.json"
NEEDED = {"int_customer_identities", "int_identity_identifiers", "int_identity_edges", "blocked_identifiers"}
SIZES = ((1, 1), (2, 5), (6, 10), (11, 20), (21, 50), (51, 200), (201, None))
WORST = 10
KEY = ["source_system", "source_profile_id"]


def identity_report(workspace: Workspace, progress: Progress = print) -> dict[str, Any]:
    """Print the report on a built workspace, write it to `identity_report.json` next to the warehouse, return it.

    Neither contains personal data: customers appear by their hashed id, identifiers only as counts. Raises UserError if
    the warehouse has not been built.
    """
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        profiles, shown, stopped = _read(connection)
    report: dict[str, Any] = {"customers": _customers(profiles, shown), "stopped_linking": stopped}
    truth_file = workspace.truth / "profiles.parquet"
    if truth_file.exists():
        truth = pd.read_parquet(truth_file)
        labelled = label(truth, profiles, shown)
        report["truth"] = against_truth(labelled)
        edge_cases = workspace.truth / "identity_traps.parquet"
        if edge_cases.exists():
            report["traps"] = by_edge_cases(labelled, pd.read_parquet(edge_cases))
    for line in lines(report):
        progress(line)
    target = workspace.home / REPORT
    replace_file(target, json.dumps(report, indent=2) + "\n")
    progress(f"written to {target}")
    return report


def _read(connection: duckdb.DuckDBPyConnection) -> tuple[pd.DataFrame, pd.DataFrame, list[dict[str, Any]]]:
    """Profiles with their customers; identifier values (as numbers) by profile; values that do not link, by type."""
    relations = connection.execute("select table_name, table_schema from information_schema.tables")
    schema = dict(relations.fetchall())
    if not set(schema) >= NEEDED:
        raise UserError("the warehouse has no resolved customers yet; run `python -m scripts build` first")
    profiles = connection.execute(
        f"select profile_key, {', '.join(KEY)}, customer_id from intermediate.int_customer_identities"
    ).df()
    shown = connection.execute(
        f"""
        with shown as (
            select profile_key, identifier_type, identifier_value, shown_value,
                concat(identifier_type, ':', shown_value) as identifier
            from intermediate.int_identity_identifiers
        ),
        valued as (select *, dense_rank() over (order by identifier_type, identifier_value) as value_id from shown),
        blocked as (
            select distinct shown.identifier
            from (select distinct identifier, identifier_type, shown_value from shown) as shown
            inner join {schema["blocked_identifiers"]}.blocked_identifiers as patterns
                on shown.identifier_type = patterns.identifier_type
                and regexp_extract(lower(shown.shown_value), patterns.pattern, 0) <> ''
                or patterns.identifier_type = 'any' and regexp_extract(
                    regexp_replace(lower(shown.shown_value), '[^a-z0-9@+]', '', 'g'), patterns.pattern, 0
                ) <> ''
        ),
        edges as (select distinct profile_key, identifier from intermediate.int_identity_edges)
        select valued.profile_key, valued.identifier_type, valued.value_id,
            bool_or(blocked.identifier is not null) as is_blocked, bool_or(edges.identifier is not null) as is_linking
        from valued
        left join blocked on valued.identifier = blocked.identifier
        left join edges on valued.profile_key = edges.profile_key and valued.identifier = edges.identifier
        group by all
        """
    ).df()
    not_linking = shown[~shown.groupby("value_id")["is_linking"].transform("any")]
    groups = not_linking.groupby(["identifier_type", "is_blocked"])
    stopped = [
        {
            "identifier_type": str(kind),
            "why": "blocked value or pattern" if blocked else "shared by several people, or overruled",
            "values": int(rows["value_id"].nunique()),
            "profiles": int(rows["profile_key"].nunique()),
        }
        for (kind, blocked), rows in groups
    ]
    return profiles, shown, stopped


def _customers(profiles: pd.DataFrame, shown: pd.DataFrame) -> dict[str, Any]:
    """How many customers there are, how many profiles they have, and the largest of them."""
    size = profiles.groupby("customer_id").size()
    distribution = [
        {"profiles": _span(low, high), "customers": int(((size >= low) & (size <= (high or size.max()))).sum())}
        for low, high in SIZES
    ]
    owned = shown.merge(profiles[["profile_key", "customer_id"]], on="profile_key")
    largest = size.sort_values(ascending=False, kind="stable").head(WORST)
    values = owned[owned["customer_id"].isin(largest.index)].groupby("customer_id")["value_id"].nunique()
    return {
        "customers": len(size),
        "profiles": len(profiles),
        "profiles_per_customer": distribution,
        "largest": [
            {"customer_id": str(name), "profiles": int(count), "identifiers": int(values.get(name, 0))}
            for name, count in largest.items()
        ],
    }


def _span(low: int, high: int | None) -> str:
    return f"{low}" if low == high else f"{low} or more" if high is None else f"{low} to {high}"


def label(truth: pd.DataFrame, profiles: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    """One row per profile in the truth or in the resolution, with numbers for people and customers.

    Columns: `source_system`, `source_profile_id`, `person` (-1: nobody in particular, -2: not in the truth), `owner`
    (the person, or a unique number for a profile without one), `customer` (a unique number if the resolution does not
    know the profile), `customer_id`, `is_resolved`, `has_identifier`, `reach` (profiles of one person with the same
    number are joined by a chain of identifier values).
    """
    # A profile claimed by two people, such as an address on a mailing list, belongs to nobody in particular.
    people = truth.groupby(KEY, sort=False)["person_id"].agg(["min", "max"]).reset_index()
    people["person"] = np.where(people["min"] == people["max"], people["min"], -1)
    rows = people[[*KEY, "person"]].merge(profiles, on=KEY, how="outer")
    rows["person"] = rows["person"].fillna(-2).astype(np.int64)
    rows["is_resolved"] = rows["customer_id"].notna()
    position = np.arange(len(rows))
    codes, names = pd.factorize(rows["customer_id"])
    rows["customer"] = np.where(codes >= 0, codes, len(names) + position)
    rows["owner"] = np.where(rows["person"] >= 0, rows["person"], -3 - position)
    rows["has_identifier"] = rows["profile_key"].isin(shown["profile_key"].unique())
    rows["reach"] = _reach(rows, shown)
    return rows


def _reach(rows: pd.DataFrame, shown: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Components of the graph of profiles and their identifier values, with a separate value node for every owner."""
    place = pd.Series(np.arange(len(rows)), index=rows["profile_key"])
    place = place[place.index.notna()]
    links = shown[~shown["is_blocked"] & shown["profile_key"].isin(place.index)]
    profile = place.loc[links["profile_key"]].to_numpy()
    owned = pd.DataFrame({"owner": rows["owner"].to_numpy()[profile], "value": links["value_id"].to_numpy()})
    value = owned.groupby(["owner", "value"], sort=False).ngroup().to_numpy()
    size = len(rows) + (int(value.max()) + 1 if len(value) else 0)
    graph = coo_matrix((np.ones(len(value), dtype=np.int8), (profile, len(rows) + value)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    return np.asarray(component[: len(rows)])


def pairs(rows: pd.DataFrame, columns: Iterable[str]) -> int:
    """How many pairs of rows agree in all `columns`."""
    size = rows.groupby(list(columns), sort=False).size().to_numpy(dtype=np.int64)
    return int((size * (size - 1) // 2).sum())


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def against_truth(rows: pd.DataFrame) -> dict[str, Any]:
    """Precision, recall and F1 over the profiles of known people, and the worst cases."""
    known = rows[rows["person"] >= 0]
    showing = known[known["has_identifier"]]
    true, claimed = pairs(known, ["person"]), pairs(known, ["customer"])
    precision = _share(pairs(known, ["person", "customer"]), claimed)
    recall = _share(pairs(showing, ["person", "customer"]), pairs(showing, ["person"]))
    reachable = pairs(known, ["person", "reach"])
    nobody = rows[rows["person"] == -1]
    joined = nobody["owner"].isin(_joined(rows)) & nobody["is_resolved"]
    by_source = []
    for system, part in known.groupby("source_system"):
        by_source.append(
            {
                "source_system": str(system),
                "profiles": len(part),
                "not_resolved": int((~part["is_resolved"]).sum()),
                "without_identifier": int((~part["has_identifier"]).sum()),
                "apart_from_the_person": int(part["profile_key"].isin(_apart(known)).sum()),
            }
        )
    return {
        "people": int(known["person"].nunique()),
        "profiles": len(known),
        "pairs": true,
        "pairs_claimed": claimed,
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if precision and recall else None,
        "recall_of_all_profiles": _share(pairs(known, ["person", "customer"]), true),
        "recall_of_what_is_reachable": _share(pairs(known, ["person", "reach", "customer"]), reachable),
        "pairs_that_nothing_could_link": true - reachable,
        "profiles_with_identifier": len(showing),
        "profiles_without_identifier": len(known) - len(showing),
        "profiles_of_nobody": len(nobody),
        "profiles_of_nobody_joined": int(joined.sum()),
        "profiles_not_in_the_truth": int((rows["person"] == -2).sum()),
        "by_source": by_source,
        "over_merged": _over_merged(known),
    }


def _joined(rows: pd.DataFrame) -> pd.Index:
    """Owners who share a customer with another owner; profiles missing from the truth are ignored."""
    owners = rows.loc[rows["person"] > -2, ["customer", "owner"]].drop_duplicates()
    crowded = owners[owners.duplicated("customer", keep=False)]
    return pd.Index(crowded["owner"].unique())


def _apart(known: pd.DataFrame) -> pd.Index:
    """Profiles outside the main customer of their chain: the customer with most of the person's profiles in it."""
    size = known.groupby(["person", "reach", "customer"], sort=False)["profile_key"].size().rename("n").reset_index()
    size = size.sort_values(["n", "customer"], ascending=[False, True]).drop_duplicates(["person", "reach"])
    main = known.merge(size[["person", "reach", "customer"]], on=["person", "reach"], suffixes=("", "_main"))
    return pd.Index(main.loc[main["customer"] != main["customer_main"], "profile_key"])


def _over_merged(known: pd.DataFrame) -> list[dict[str, Any]]:
    """Customers with profiles of several people: totals, then those with the most wrong pairs."""
    size = known.groupby(["customer", "customer_id", "person"]).size().rename("profiles").reset_index()
    size["squares"] = size["profiles"] ** 2
    table = size.groupby("customer_id").agg({"person": "size", "profiles": "sum", "squares": "sum"})
    table = table[table["person"] > 1].rename(columns={"person": "people"})
    table["wrong_pairs"] = (table["profiles"] ** 2 - table["squares"]) // 2
    worst = table.sort_values("wrong_pairs", ascending=False, kind="stable").head(WORST)
    found = [
        {"customer_id": str(name), **{c: int(row[c]) for c in ("people", "profiles", "wrong_pairs")}}
        for name, row in worst.iterrows()
    ]
    return [{"customers": len(table), "wrong_pairs": int(table["wrong_pairs"].sum())}, *found]


def by_edge_cases(rows: pd.DataFrame, edge_cases: pd.DataFrame) -> list[dict[str, Any]]:
    """Per kind of edge case: cases, people in them, people wrongly joined or split, precision and recall.

    People are in a case with all their profiles. In a case of several people, a person is joined who shares a customer
    with another person of the case; in a case of one, a person who shares a customer with any other person, for
    whatever reason. A profile of nobody in particular counts as its own person. A person is split whose profiles,
    linked by a chain of identifier values, are in more than one customer. Precision and recall are over the pairs of
    the profiles involved that show an identifier.
    """
    named = edge_cases.merge(rows[[*KEY, "owner"]], on=KEY, how="left")
    named["owner"] = named["owner"].where(named["source_profile_id"].notna(), named["person_id"])
    named = named.dropna(subset=["owner"]).astype({"owner": np.int64})
    joined_at_all = _joined(rows)
    spread = rows.groupby(["owner", "reach"])["customer"].nunique()
    split_at_all = pd.Index(spread[spread > 1].reset_index()["owner"].unique())
    found = []
    for trap, part in named.groupby("trap"):
        members = part[["case_id", "owner"]].drop_duplicates()
        alone = members.groupby("case_id")["owner"].transform("size") == 1
        involved = members.merge(rows, on="owner")
        together = involved[["case_id", "owner", "customer"]].drop_duplicates()
        together = together[together.duplicated(["case_id", "customer"], keep=False)]
        wrong = set(together["owner"]) | set(members.loc[alone, "owner"][members["owner"].isin(joined_at_all)])
        showing = involved[involved["has_identifier"]].drop_duplicates("profile_key")
        right = pairs(showing, ["owner", "customer"])
        found.append(
            {
                "trap": str(trap),
                "cases": int(members["case_id"].nunique()),
                "people": int(members["owner"].nunique()),
                "profiles": len(showing),
                "people_joined": len(wrong),
                "people_split": int(members["owner"].drop_duplicates().isin(split_at_all).sum()),
                "precision": _share(right, pairs(showing, ["customer"])),
                "recall": _share(right, pairs(showing, ["owner"])),
            }
        )
    return found


def lines(report: dict[str, Any]) -> list[str]:
    """The report as text."""
    customers = report["customers"]
    out = [f"{customers['customers']:,} customers from {customers['profiles']:,} profiles", ""]
    spread = [[row["profiles"], row["customers"]] for row in customers["profiles_per_customer"]]
    out += _table(["profiles of a customer", "customers"], spread)
    largest = [[row["customer_id"], row["profiles"], row["identifiers"]] for row in customers["largest"]]
    out += _table(["largest customers", "profiles", "identifiers"], largest)
    stopped = [[r["identifier_type"], r["why"], r["values"], r["profiles"]] for r in report["stopped_linking"]]
    out += _table(["identifiers that do not link", "why", "values", "profiles"], stopped)
    if "truth" not in report:
        return [*out, "no ground truth next to this warehouse: precision and recall cannot be calculated"]
    truth = report["truth"]
    out += [
        f"by the truth: {truth['people']:,} people, {truth['profiles']:,} profiles, {truth['pairs']:,} pairs",
        f"  precision                        {_rate(truth['precision'])}   of {truth['pairs_claimed']:,} joined pairs",
        f"  recall                           {_rate(truth['recall'])}   of pairs of the"
        f" {truth['profiles_with_identifier']:,} profiles that show an identifier",
        f"  F1                               {_rate(truth['f1'])}",
        f"  recall over all profiles         {_rate(truth['recall_of_all_profiles'])}"
        f"   with {truth['profiles_without_identifier']:,} profiles that show none",
        f"  recall of what is reachable      {_rate(truth['recall_of_what_is_reachable'])}"
        f"   without {truth['pairs_that_nothing_could_link']:,} pairs that no chain of identifiers links",
        f"  profiles of nobody in particular {truth['profiles_of_nobody']:,}, of which"
        f" {truth['profiles_of_nobody_joined']:,} are joined with a person",
        "",
    ]
    names = ["profiles", "not_resolved", "without_identifier", "apart_from_the_person"]
    by_source = [[row["source_system"], *[row[name] for name in names]] for row in truth["by_source"]]
    out += _table(["profiles of known people", "all", "not resolved", "no identifier", "wrongly split off"], by_source)
    total, *worst = truth["over_merged"]
    out.append(f"{total['customers']:,} customers combine several people: {total['wrong_pairs']:,} wrong pairs")
    columns = ["customer_id", "people", "profiles", "wrong_pairs"]
    out += _table(["worst of them", "people", "profiles", "wrong pairs"], [[row[c] for c in columns] for row in worst])
    columns = ["trap", "cases", "people", "profiles", "people_joined", "people_split", "precision", "recall"]
    edge_cases = [
        [_rate(row[c]) if c in ("precision", "recall") else row[c] for c in columns] for row in report["traps"]
    ]
    heads = ["edge case", "cases", "people", "profiles", "joined", "split", "precision", "recall"]
    return out + _table(heads, edge_cases)


def _rate(value: float | None) -> str:
    return "     -" if value is None else f"{value:.4f}"


def _table(heads: list[str], rows: list[list[Any]]) -> list[str]:
    """Text columns left-aligned, numbers right-aligned, then an empty line; empty without rows."""
    if not rows:
        return []
    cells = [heads, *[[f"{c:,}" if isinstance(c, int) else str(c) for c in row] for row in rows]]
    width = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    left = [isinstance(row, str) and not row.strip()[:1].isdigit() for row in rows[0]]
    left[0] = True
    form = "  ".join(f"{{:{'<' if to_left else '>'}{w}}}" for w, to_left in zip(width, left, strict=True))
    return [*[form.format(*row).rstrip() for row in cells], ""]
