"""The rules of dbt-project-evaluator that fit this project, read from its manifest, each with its exceptions.

Grain, direction and access are in `test_manifest.py`. Not applied are its limits on joins and readers of one model, and
on reading a model together with one built from it: `customer_features` joins a theme per column group, a spine has many
readers, and steps here are small. Nor is source freshness, which is a required part of the source contracts.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Manifest = dict[str, Any]
Node = dict[str, Any]
# What is wrong, by the name of the node.
Findings = dict[str, str]

# Records of loads and erasures: typed where they are written, so they need no staging.
LEDGERS = ("intake", "erasures")
# Longest chain of views, each of which computes the one before again.
VIEWS_IN_A_ROW = 4


def _models(manifest: Manifest) -> Iterator[Node]:
    return (node for node in manifest["nodes"].values() if node["resource_type"] == "model")


def _parents(node: Node, kind: str) -> list[str]:
    return [key for key in node["depends_on"].get("nodes", []) if key.startswith(f"{kind}.")]


def _folders(node: Node) -> list[str]:
    return str(node["original_file_path"]).split("/")[1:-1]


def _is_staging(node: Node) -> bool:
    return _folders(node)[0] == "staging" and "intermediate" not in _folders(node)


def _is_mart(node: Node) -> bool:
    return len(_folders(node)) == 1 and not _is_staging(node)


def _name(key: str) -> str:
    return key.split(".", 2)[2]


def undescribed(manifest: Manifest) -> Findings:
    found = {}
    for kind in ("nodes", "sources", "exposures"):
        for key, node in manifest[kind].items():
            if node["resource_type"] in ("model", "seed", "source", "exposure") and not node["description"].strip():
                found[_name(key)] = "describe it in its YAML"
            elif not node.get("source_description", "x").strip():
                found[_name(key)] = "describe its source"
    return found


def marts_without_contract(manifest: Manifest) -> Findings:
    """Marts without a contract, or with undescribed columns."""
    found = {}
    for node in filter(_is_mart, _models(manifest)):
        bare = [name for name, column in node["columns"].items() if not column["description"].strip()]
        if not node["config"]["contract"]["enforced"]:
            found[node["name"]] = "enforce a contract"
        elif bare:
            found[node["name"]] = f"describe {', '.join(bare)}"
    return found


def misnamed(manifest: Manifest) -> Findings:
    """Models whose name does not match their folder, and YAML that is not beside what it describes."""
    found = {}
    for node in _models(manifest):
        folders, name = _folders(node), node["name"]
        if _is_staging(node):
            wanted = f"stg_{folders[1]}__" if len(folders) == 2 else "in a folder of its source, stg_"
        else:
            wanted = "" if _is_mart(node) else "int_"
        if not name.startswith(wanted) or (not wanted and name.startswith(("stg_", "int_"))):
            found[name] = f"in {'/'.join(folders)} it should be {wanted + '…' if wanted else 'a plain noun'}"
        elif not str(node["patch_path"]).split("://")[-1].startswith(f"models/{'/'.join(folders)}/_"):
            found[name] = f"move its YAML from {node['patch_path']} beside it"
    for source in manifest["sources"].values():
        if _folders(source) != ["staging", source["source_name"]]:
            found[source["source_name"]] = f"declare it in models/staging/{source['source_name']}"
    return found


def mixed_staging(manifest: Manifest) -> Findings:
    """Staging models that read anything but one source table and the violations that hold back its versions."""
    found = {}
    for node in filter(_is_staging, _models(manifest)):
        sources = _parents(node, "source")
        if len(sources) != 1:
            found[node["name"]] = f"reads {len(sources)} source tables: one model per table"
            continue
        held_back = re.compile(rf"int_{_name(sources[0]).split('.')[0]}__(\w+_)?violations")
        others = [_name(key) for key in _parents(node, "model") if not held_back.fullmatch(_name(key))]
        if others:
            found[node["name"]] = f"reads {', '.join(others)}: join in a model after staging"
    return found


def raw_after_staging(manifest: Manifest) -> Findings:
    """Models after staging that read a source, alone or with models; models of violations may read their own source."""
    found = {}
    for node in _models(manifest):
        sources = [_name(key) for key in _parents(node, "source")]
        if _folders(node)[:3] == ["staging", "intermediate", "validation"]:
            own = str(node["name"]).removeprefix("int_").split("__")[0]
            sources = [source for source in sources if source.split(".")[0] != own]
        raw = [source for source in sources if source.split(".")[0] not in LEDGERS]
        if raw and not _is_staging(node):
            found[node["name"]] = f"reads {', '.join(raw[:3])}: read its staging model"
    return found


def unstaged_sources(manifest: Manifest) -> Findings:
    """Source tables without exactly one staging model, and relations named by two source tables."""
    readers = defaultdict(list)
    for node in filter(_is_staging, _models(manifest)):
        for key in _parents(node, "source"):
            readers[key].append(node["name"])
    relations = Counter(source["relation_name"] for source in manifest["sources"].values())
    found = {}
    for key, source in manifest["sources"].items():
        if source["source_name"] not in LEDGERS and len(readers[key]) != 1:
            found[_name(key)] = f"staged by {', '.join(readers[key]) or 'no model'}: give it one staging model"
        elif relations[source["relation_name"]] > 1:
            found[_name(key)] = f"another source table is also {source['relation_name']}"
    return found


def rootless(manifest: Manifest) -> Findings:
    return {node["name"]: "reads nothing" for node in _models(manifest) if not node["depends_on"].get("nodes")}


def hard_coded(manifest: Manifest) -> Findings:
    """SQL that names a relation itself, so that dbt does not know what it reads."""
    found = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] not in ("model", "analysis", "test") or node.get("test_metadata"):
            continue
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}", " ", node["raw_code"], flags=re.DOTALL)
        built = re.search(r"\b(?:from|join)\s+\{\{-?\s*(?:var|env_var|target)\b", text, re.IGNORECASE)
        text = re.sub(r"\{\{.*?\}\}", "rendered", text, flags=re.DOTALL)
        # Texts, comments, and the two uses of `from` without a relation.
        text = re.sub(r"'[^']*'|--[^\n]*|\bextract\s*\([^)]*\)|\bdistinct\s+from\b", " ", text, flags=re.IGNORECASE)
        named = re.search(r"\b(?:from|join)\s+(?:[\"`\[]|\w+\.\w)\S*", text, re.IGNORECASE)
        if built or named:
            found[node["name"]] = f"`{(built or named)[0]}`: use ref or source"  # type: ignore[index]
    return found


def chained_views(manifest: Manifest) -> Findings:
    nodes = manifest["nodes"]
    lengths: dict[str, int] = {}

    def length(key: str) -> int:
        if key not in lengths:
            is_view = nodes[key]["config"]["materialized"] in ("view", "ephemeral")
            lengths[key] = 1 + max(map(length, _parents(nodes[key], "model")), default=0) if is_view else 0
        return lengths[key]

    chains = {key: length(key) for key, node in nodes.items() if node["resource_type"] == "model"}
    return {
        _name(key): f"the last of {count} views in a row: make one of them a table"
        for key, count in chains.items()
        if count > VIEWS_IN_A_ROW
    }


def loose_exposures(manifest: Manifest) -> Findings:
    """Exposures that read anything but marts, or marts that are views."""
    found = {}
    for exposure in manifest["exposures"].values():
        for key in exposure["depends_on"]["nodes"]:
            node = manifest["nodes"].get(key)
            if not node or node["resource_type"] != "model" or not _is_mart(node):
                found[exposure["name"]] = f"reads {_name(key)}: exposures read only marts"
            elif node["config"]["access"] != "public" or node["config"]["materialized"] in ("view", "ephemeral"):
                found[exposure["name"]] = f"reads {_name(key)}: exposures read public tables"
    return found


RULES: list[Callable[[Manifest], Findings]] = [
    undescribed,
    marts_without_contract,
    misnamed,
    mixed_staging,
    raw_after_staging,
    unstaged_sources,
    rootless,
    hard_coded,
    chained_views,
    loose_exposures,
]

ONLY_IN_TRACKS = "adds the events that only the table of all tracked events has"
STATE = "holds what cannot be computed again; backups and older warehouses use this name"
EVERY_VERSION = "counts or shows versions that staging leaves out"
EXCEPTIONS: dict[str, dict[str, str]] = {
    "marts_without_contract": {"customer_behaviour_windows": "rows of a seed declare its columns"},
    "misnamed": {
        "identity_log": STATE,
        "identity_registry": STATE,
        "membership_log": STATE,
        "segment_evaluations": STATE,
        "erasures": "what erasures leave behind is declared beside the requests for them",
    },
    "mixed_staging": dict.fromkeys(
        (
            "stg_web__cart_additions",
            "stg_web__cart_removals",
            "stg_web__cart_views",
            "stg_web__checkouts_started",
            "stg_web__orders_completed",
            "stg_web__orders_refunded",
            "stg_web__product_list_views",
            "stg_web__product_searches",
            "stg_web__product_views",
        ),
        ONLY_IN_TRACKS,
    ),
    "raw_after_staging": {
        "dead_letter_payloads": EVERY_VERSION,
        "int_record_counts": EVERY_VERSION,
        "int_violated_record_versions": EVERY_VERSION,
        "record_conservation": "counts the rows of a table whose staging model adds those of another",
        "int_order_violations": "needs the version of the record that was checked, which staging does not have",
        "int_consent_states": "needs every change of an account's state, which staging does not have",
        "int_identity_account_versions": "needs every identifier that an account has ever shown",
        "int_catalogue_names": "a seed may name what the catalogue drops or adds after the day that is built",
    },
    "rootless": {
        "int_validation_columns": "reads the contracts themselves, not their tables",
        "int_source_volume_daily": "reads whichever source tables there are, so that a new one needs no change",
    },
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_project_follows_the_rule(rule: Callable[[Manifest], Findings], manifest: Manifest) -> None:
    excepted = EXCEPTIONS.get(rule.__name__, {})
    found = rule(manifest)
    assert {name: problem for name, problem in found.items() if name not in excepted} == {}
    assert set(excepted) <= set(found), "an exception that is no longer needed"


def test_the_rules_cover_the_project(manifest: Manifest) -> None:
    assert len(list(filter(_is_mart, _models(manifest)))) > 70
    assert len(list(filter(_is_staging, _models(manifest)))) > 70
    assert len(manifest["sources"]) > 70


def _model(path: str, reads: list[str], **others: Any) -> Node:
    folder = path.rsplit("/", 1)[0]
    return {
        "resource_type": "model",
        "name": path.rsplit("/", 1)[1].removesuffix(".sql"),
        "original_file_path": path,
        "patch_path": f"shop://{folder}/_models.yml",
        "description": "What it holds",
        "columns": {"order_id": {"description": "Order"}},
        "config": {"materialized": "table", "access": "public", "contract": {"enforced": True}},
        "depends_on": {"nodes": reads},
        "raw_code": "select * from {{ ref('something') }}",
        **others,
    }


STAGED, VIOLATIONS = "model.shop.stg_till__orders", "model.shop.int_till__violations"
BETWEEN, MART = "model.shop.int_orders", "model.shop.orders"
SOURCE, OTHER = "source.shop.till.order", "source.shop.till.refund"


@pytest.fixture
def small() -> Manifest:
    """A source table with violations and staging model, a step, a mart and its reader: nothing is wrong."""
    source = {
        "resource_type": "source",
        "name": "order",
        "source_name": "till",
        "original_file_path": "models/staging/till/_till__sources.yml",
        "description": "Orders",
        "source_description": "The till",
        "relation_name": "raw_till.order",
    }
    return {
        "sources": {SOURCE: source},
        "nodes": {
            VIOLATIONS: _model("models/staging/intermediate/validation/int_till__violations.sql", [SOURCE]),
            STAGED: _model("models/staging/till/stg_till__orders.sql", [SOURCE, VIOLATIONS]),
            BETWEEN: _model("models/core/intermediate/orders/int_orders.sql", [STAGED]),
            MART: _model("models/core/orders.sql", [BETWEEN]),
        },
        "exposures": {
            "exposure.shop.page": {
                "resource_type": "exposure",
                "name": "page",
                "description": "A page",
                "depends_on": {"nodes": [MART]},
            }
        },
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_nothing_is_found_where_nothing_is_wrong(rule: Callable[[Manifest], Findings], small: Manifest) -> None:
    assert rule(small) == {}


Plant = Callable[[Manifest], None]


def _change(key: str, **values: Any) -> Plant:
    return lambda manifest: next(part for part in manifest.values() if key in part)[key].update(values)


def _reads(key: str, *more: str) -> Plant:
    return lambda manifest: manifest["nodes"][key]["depends_on"]["nodes"].extend(more)


def _sql(text: str) -> Plant:
    return _change(MART, raw_code=text)


def _config(key: str, **values: Any) -> Plant:
    return lambda manifest: manifest["nodes"][key]["config"].update(values)


def _views_in_a_row(count: int) -> Plant:
    def plant(manifest: Manifest) -> None:
        reads = STAGED
        for number in range(1, count + 1):
            node = _model(f"models/core/intermediate/int_step_{number}.sql", [reads])
            node["config"]["materialized"] = "view"
            reads = f"model.shop.int_step_{number}"
            manifest["nodes"][reads] = node

    return plant


def _second_table(relation: str) -> Plant:
    """Another source table, staged correctly."""

    def plant(manifest: Manifest) -> None:
        manifest["sources"][OTHER] = manifest["sources"][SOURCE] | {"name": "refund", "relation_name": relation}
        staged = _model("models/staging/till/stg_till__refunds.sql", [OTHER])
        manifest["nodes"]["model.shop.stg_till__refunds"] = staged

    return plant


FAULTS: list[tuple[Callable[[Manifest], Findings], str, Plant]] = [
    (undescribed, "int_orders", _change(BETWEEN, description=" ")),
    (undescribed, "till.order", _change(SOURCE, description="")),
    (undescribed, "till.order", _change(SOURCE, source_description="")),
    (undescribed, "page", _change("exposure.shop.page", description="")),
    (marts_without_contract, "orders", _config(MART, contract={"enforced": False})),
    (marts_without_contract, "orders", _change(MART, columns={"order_id": {"description": ""}})),
    (misnamed, "orders", _change(BETWEEN, name="orders")),
    (misnamed, "int_orders", _change(MART, name="int_orders")),
    (misnamed, "stg_shop__orders", _change(STAGED, name="stg_shop__orders")),
    (misnamed, "stg_till__orders", _change(STAGED, original_file_path="models/staging/stg_till__orders.sql")),
    (misnamed, "orders", _change(MART, patch_path="shop://models/customers/_models.yml")),
    (misnamed, "till", _change(SOURCE, original_file_path="models/core/_till__sources.yml")),
    (mixed_staging, "stg_till__orders", _reads(STAGED, OTHER)),
    (mixed_staging, "stg_till__orders", _reads(STAGED, BETWEEN)),
    (mixed_staging, "stg_till__orders", _reads(STAGED, "model.shop.stg_till__refunds")),
    (mixed_staging, "stg_till__orders", _reads(STAGED, "model.shop.int_shop__violations")),
    (mixed_staging, "stg_till__orders", _change(STAGED, depends_on={"nodes": [VIOLATIONS]})),
    (raw_after_staging, "orders", _reads(MART, SOURCE)),
    (raw_after_staging, "int_orders", _change(BETWEEN, depends_on={"nodes": [SOURCE]})),
    (raw_after_staging, "int_till__violations", _reads(VIOLATIONS, "source.shop.web.pages")),
    (unstaged_sources, "till.order", _change(STAGED, depends_on={"nodes": []})),
    (unstaged_sources, "till.order", lambda m: m["nodes"].update({"model.shop.stg_till__copies": m["nodes"][STAGED]})),
    (unstaged_sources, "till.refund", _second_table("raw_till.order")),
    (rootless, "orders", _change(MART, depends_on={"nodes": []})),
    (hard_coded, "orders", _sql("select * from raw_till.order")),
    (hard_coded, "orders", _sql("select * from {{ ref('a') }}\nleft join warehouse.marts.orders on true")),
    (hard_coded, "orders", _sql('select * from "orders"')),
    (hard_coded, "orders", _sql("select * from {{ var('orders_table') }}")),
    (hard_coded, "orders", _sql("select * from {{ target.schema }}.orders")),
    (chained_views, f"int_step_{VIEWS_IN_A_ROW + 1}", _views_in_a_row(VIEWS_IN_A_ROW + 1)),
    (loose_exposures, "page", _change("exposure.shop.page", depends_on={"nodes": [BETWEEN]})),
    (loose_exposures, "page", _change("exposure.shop.page", depends_on={"nodes": [SOURCE]})),
    (loose_exposures, "page", _config(MART, materialized="view")),
    (loose_exposures, "page", _config(MART, access="protected")),
]


@pytest.mark.parametrize(("rule", "name", "plant"), FAULTS)
def test_planted_fault_is_found(rule: Callable[[Manifest], Findings], name: str, plant: Plant, small: Manifest) -> None:
    plant(small)
    assert name in rule(small)


@pytest.mark.parametrize(
    "plant",
    [
        _second_table("raw_till.refund"),
        _views_in_a_row(VIEWS_IN_A_ROW),
        _reads(MART, "source.shop.intake.files"),
        _sql("select extract(month from days.day), a is distinct from b.c, 'taken from x.y' -- from z.z\nfrom days"),
    ],
)
def test_what_is_allowed_is_not_found(plant: Plant, small: Manifest) -> None:
    plant(small)
    assert [rule(small) for rule in RULES] == [{}] * len(RULES)


def test_every_rule_has_a_planted_fault() -> None:
    assert {rule for rule, _, _ in FAULTS} == set(RULES)
    assert set(EXCEPTIONS) <= {rule.__name__ for rule in RULES}
