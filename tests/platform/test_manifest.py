"""The house rules of the dbt project, read from its manifest: rooms, direction, access, grain, contracts, readers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml

from scripts.platform.workspace import PROJECT

# In the order in which data flow.
ROOMS = ["staging", "identity", "core", "customers", "segments", "activation", "learning", "monitoring"]
# Rises with every added unit test. A commit that lowers it has to give a reason.
UNIT_TESTS = 276

Nodes = dict[str, dict[str, Any]]


@pytest.fixture
def nodes(manifest: dict[str, Any]) -> Nodes:
    """A copy that a test may change."""
    return deepcopy(manifest["nodes"])


def models(nodes: Nodes) -> Iterator[dict[str, Any]]:
    return (node for node in nodes.values() if node["resource_type"] == "model")


def room(node: dict[str, Any]) -> str:
    return str(node["original_file_path"]).split("/")[1]


def is_mart(node: dict[str, Any]) -> bool:
    """Whether the model is at the top level of a room other than staging."""
    return len(str(node["original_file_path"]).split("/")) == 3


def outside_rooms(nodes: Nodes) -> list[str]:
    return [node["original_file_path"] for node in models(nodes) if room(node) not in ROOMS]


def backward_references(nodes: Nodes) -> list[tuple[str, str]]:
    """Pairs of a model and a model of a later room that it reads."""
    return [
        (node["name"], nodes[parent]["name"])
        for node in models(nodes)
        for parent in node["depends_on"]["nodes"]
        if parent.startswith("model.") and ROOMS.index(room(nodes[parent])) > ROOMS.index(room(node))
    ]


def wrong_access(nodes: Nodes) -> list[str]:
    """Models whose access, group or list of readers does not match their place and their readers."""
    readers: dict[str, set[str]] = defaultdict(set)
    for node in models(nodes):
        for parent in node["depends_on"]["nodes"]:
            if parent.startswith("model."):
                readers[parent].add(room(node))
    # A singular test reads with the rights of its group.
    for node in nodes.values():
        if node["resource_type"] == "test" and not node.get("test_metadata") and node["config"].get("group"):
            for parent in node["depends_on"]["nodes"]:
                if parent.startswith("model.") and not is_mart(nodes[parent]):
                    readers[parent].add(node["config"]["group"])
    problems = []
    for key, node in nodes.items():
        if node["resource_type"] != "model":
            continue
        others = sorted(readers[key] - {room(node)}, key=ROOMS.index)
        wanted = "public" if is_mart(node) else "private"
        if not is_mart(node) and (others or "intermediate" not in node["original_file_path"]):
            wanted = "protected"
        if node["config"]["access"] != wanted or node["config"]["group"] != room(node):
            problems.append(f"{node['name']}: should be {wanted}, in group {room(node)}")
        listed = node["config"]["meta"].get("read_by", [])
        if not is_mart(node) and listed != others:
            problems.append(f"{node['name']}: write meta: {{read_by: [{', '.join(others)}]}}, not {listed}")
    return problems


def without_grain(nodes: Nodes) -> list[str]:
    """Models without a test `shape` that has keys."""
    tested = {
        node["attached_node"]
        for node in nodes.values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") == "shape"
        and node["test_metadata"]["kwargs"].get("keys")
    }
    return sorted(node["name"] for key, node in nodes.items() if node["resource_type"] == "model" and key not in tested)


def test_every_model_is_in_a_room(nodes: Nodes) -> None:
    assert not outside_rooms(nodes)


def test_no_model_reads_from_a_later_room(nodes: Nodes) -> None:
    assert not backward_references(nodes)


def test_only_marts_are_public_and_readers_are_listed(nodes: Nodes) -> None:
    assert not wrong_access(nodes)


def test_every_model_has_a_tested_grain(nodes: Nodes) -> None:
    assert not without_grain(nodes)


def test_no_unit_test_was_lost(manifest: dict[str, Any]) -> None:
    assert len(manifest["unit_tests"]) >= UNIT_TESTS


def test_the_exposure_of_the_page_names_everything_it_reads(manifest: dict[str, Any]) -> None:
    exposures = {exposure["name"]: exposure for exposure in manifest["exposures"].values()}
    named = {key.split(".")[-1] for key in exposures["report_page"]["depends_on"]["nodes"]}
    published = {node["name"] for node in models(manifest["nodes"]) if is_mart(node)}
    board = next((PROJECT / "scripts").rglob("report.yml")).read_text(encoding="utf-8")
    assert named == set(re.findall(r"\b(?:from|join)\s+([a-z_]+)", board)) & published


def test_sources_and_rooms_are_described() -> None:
    groups = yaml.safe_load((PROJECT / "models/_groups.yml").read_text(encoding="utf-8"))["groups"]
    present = [name for name in ROOMS if (PROJECT / "models" / name).is_dir()]
    assert [group["name"] for group in groups] == present
    assert not list((PROJECT / "models").glob("*.sql"))


def test_planted_faults_are_found(nodes: Nodes) -> None:
    orders, spine = "model.customer_segmentation.int_orders", "model.customer_segmentation.int_customer_spine"
    nodes[spine]["depends_on"]["nodes"].append("model.customer_segmentation.segment_sizes")
    assert ("int_customer_spine", "segment_sizes") in backward_references(nodes)

    nodes[orders]["config"]["access"] = "public"
    assert any(problem.startswith("int_orders: should be protected") for problem in wrong_access(nodes))

    for key, node in list(nodes.items()):
        if node["resource_type"] == "test" and node.get("attached_node") == orders:
            del nodes[key]
    assert without_grain(nodes) == ["int_orders"]

    nodes[orders]["original_file_path"] = "models/marts/int_orders.sql"
    assert outside_rooms(nodes) == ["models/marts/int_orders.sql"]
