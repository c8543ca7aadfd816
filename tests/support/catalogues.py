"""The parts of docs/ that are generated from YAML, seeds and the command line; `make docs` writes them.

Each is between two comments of its page; the rest of the page is written by hand.
"""

from __future__ import annotations

import argparse
import csv
import functools
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

from scripts.__main__ import all_commands
from scripts.commands.options import Commands
from scripts.platform.files import replace_file
from scripts.platform.workspace import BUSINESS_SEEDS, PROJECT

DOCS = PROJECT / "docs"
MODELS = PROJECT / "models"
BETWEEN = re.compile(r"(<!-- catalogue: (\w+) -->\n).*?(<!-- end of catalogue -->)", re.DOTALL)
GRAIN = re.compile(r"\*\*One\s+row\s+per\s+(.+?)\*\*", re.DOTALL)
QUESTION = re.compile(r"Answers:\s+\*(.+?)\*(?!\*)", re.DOTALL)
# The sentence of an attribute's description that states its purpose.
PURPOSE = re.compile(r"(?:^|(?<=\. ))For .+$")
SHOWN_SEGMENTS = 3
# Schemas of public marts.
SCHEMAS = ("marts", "pii", "activation")
MEASURES = {
    "count": "How often",
    "days": "On how many days",
    "products": "How many different products in",
    "units": "How many units in",
    "amount": "How much money in",
}
# Other readers of attributes, by their name in the catalogue.
READERS = {"briefs": PROJECT / "scripts" / "serving" / "briefs", "report": PROJECT / "scripts" / "serving" / "charts"}


def current(page: Path) -> str:
    """The page's text with up-to-date catalogues."""
    return BETWEEN.sub(lambda found: f"{found[1]}\n{CATALOGUES[found[2]]()}\n{found[3]}", page.read_text("utf-8"))


def pages() -> list[Path]:
    """The pages that contain a catalogue."""
    return [page for page in sorted(DOCS.glob("*.md")) if BETWEEN.search(page.read_text("utf-8"))]


def marts() -> str:
    """Every public model by group, in the order of the data flow."""
    project = declared(PROJECT / "dbt_project.yml")["models"]["customer_segmentation"]
    parts = []
    for group in declared(MODELS / "_groups.yml")["groups"]:
        settings = project[group["name"]]
        if settings["+access"] != "public":
            continue
        rows = []
        for model in sorted(_models(MODELS / group["name"]), key=lambda model: str(model["name"])):
            schema = model.get("config", {}).get("schema", settings["+schema"])
            name = f"`{model['name']}`" if schema == "marts" else f"`{schema}.{model['name']}`"
            rows.append([name, _extracted(model, GRAIN), _sentence(_extracted(model, QUESTION))])
        parts.append(f"## {_sentence(group['name'])}\n\n{group['description']}\n\n" + _table(MART_COLUMNS, rows))
    return "\n".join(parts)


MART_COLUMNS = ["mart", "one row per", "answers"]


def attributes() -> str:
    """Every attribute by theme, then the shipped event windows."""
    [features] = declared(MODELS / "customers" / "_customer_features.yml")["models"]
    used = _segments_by_attribute()
    readers = {name: _words(folder) for name, folder in READERS.items()}
    themes: dict[str, list[list[str]]] = {}
    for column in features["columns"]:
        meta = column.get("config", {}).get("meta", {})
        if "theme" not in meta:
            continue
        means, purpose = _split_purpose(column["description"])
        needs = _sources("all of", meta.get("needs", [])) or _sources("any of", meta.get("needs_any", []))
        purposes = [purpose, used.get(column["name"], ""), "fitted models" if meta.get("model_input") else ""]
        purposes += [reader for reader, words in readers.items() if column["name"] in words]
        row = [f"`{column['name']}`", means, meta["unit"], meta["null_meaning"], needs]
        themes.setdefault(meta["theme"], []).append([*row, "; ".join(filter(None, purposes))])
    count = sum(map(len, themes.values()))
    columns = ["attribute", "meaning", "unit", "missing when", "sources", "used for"]
    parts = [f"## The {count} attributes of `customer_features`\n"]
    parts += [f"### {_sentence(theme)}\n\n{_table(columns, rows)}" for theme, rows in themes.items()]
    windows = [
        [
            f"`{row['attribute_name']}`",
            row["description"] or f"{MEASURES[row['measure']]} `{row['event']}` in the last {row['days']} days.",
            row["filter"] and f"`{row['filter']}`",
            used.get(row["attribute_name"], ""),
        ]
        for row in _seed("behaviour_windows")
    ]
    parts.append(
        "## Event windows as shipped\n\nRows of `behaviour_windows.csv`; 0 when nothing happened, never missing.\n\n"
        + _table(["attribute", "meaning", "only", "used for"], windows)
    )
    return "\n".join(parts)


def segments() -> str:
    """The starting library as its seed describes it."""
    rows = [
        [
            row["priority"],
            f"**{row['segment_name']}**<br>`{row['segment_key']}`",
            row["included"],
            row["excluded"],
            row["next_action"],
            row["status"],
        ]
        for row in sorted(_seed("segment_definitions"), key=lambda row: int(row["priority"]))
    ]
    return _table(["priority", "segment", "who is in", "who is left out", "next action", "status as shipped"], rows)


def commands() -> str:
    """Every command with its options, under the headings of --help and in its order."""
    known = every_command()
    shared = next(group for group in known.parsers["build"]._action_groups if group.title == SHARED)
    parts = [_table(["option", "what"], _options(shared._group_actions))]
    for job, names in known.jobs.items():
        parts.append(f"## {job}\n")
        for name in names:
            command = known.parsers[name]
            own = [group for group in command._action_groups if group.title != SHARED]
            actions = [action for group in own for action in group._group_actions]
            does = " ".join((command.description or "").split())
            example = (command.epilog or "").removeprefix("example: ")
            parts.append(f"### `{name}`\n\n{does} Example:\n`{example}`\n")
            if rows := _options(action for action in actions if "--help" not in action.option_strings):
                parts.append(_table(["option", "what"], rows))
    return "\n".join(parts)


@functools.cache
def every_command() -> Commands:
    """All commands of the command line."""
    return all_commands()


SHARED = "where the data are"
CATALOGUES: dict[str, Callable[[], str]] = {
    "marts": marts,
    "attributes": attributes,
    "segments": segments,
    "commands": commands,
}


def _options(actions: Iterable[argparse.Action]) -> list[list[str]]:
    rows = []
    for action in actions:
        metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
        if action.choices:
            metavar = "{" + ",".join(map(str, action.choices)) + "}"
        value = "" if action.nargs == 0 else metavar + (" ..." if action.nargs == "+" else "")
        shown = " ".join(filter(None, [", ".join(action.option_strings), value]))
        is_required = action.required and action.option_strings
        rows.append([f"`{shown}`" + (" (required)" if is_required else ""), action.help or ""])
    return rows


def columns_by_mart() -> dict[str, set[str]]:
    """The columns of every model described at the top of a group's folder, by model."""
    groups = [group["name"] for group in declared(MODELS / "_groups.yml")["groups"]]
    described = [model for group in groups for model in _models(MODELS / group)]
    return {model["name"]: {column["name"] for column in model.get("columns") or []} for model in described}


@functools.cache
def declared(file: Path) -> Any:
    """The content of a YAML file, read once, with the fast loader where there is one."""
    return yaml.load(file.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _models(folder: Path) -> list[dict[str, Any]]:
    """The models described in the YAML files at the top of a group's folder."""
    return [model for file in sorted(folder.glob("_*.yml")) for model in declared(file).get("models") or []]


def _extracted(model: dict[str, Any], what: re.Pattern[str]) -> str:
    """The grain or question in a description. Raises ValueError where it is missing."""
    if not (found := what.search(model["description"])):
        raise ValueError(f"{model['name']}: its description lacks `**One row per …**` or `Answers: *…?*`")
    return " ".join(found[1].split()).rstrip(".")


def _segments_by_attribute() -> dict[str, str]:
    """The segments of the starting library whose rules read each attribute, as a short text."""
    found: dict[str, list[str]] = {}
    for row in _seed("segment_rule_conditions"):
        for name in (row["attribute"], *re.findall(r"attr:(\w+)", row["value"])):
            keys = found.setdefault(name, [])
            if row["segment_key"] not in keys:
                keys.append(row["segment_key"])
    return {name: _few(keys) for name, keys in found.items()}


def _few(keys: list[str]) -> str:
    shown = ", ".join(f"`{key}`" for key in keys[:SHOWN_SEGMENTS])
    return shown if len(keys) <= SHOWN_SEGMENTS else f"{shown} and {len(keys) - SHOWN_SEGMENTS} more"


def _split_purpose(description: str) -> tuple[str, str]:
    """Meaning and purpose of an attribute."""
    text = " ".join(description.split())
    found = PURPOSE.search(text)
    return (text[: found.start()].strip(), found[0].removeprefix("For ").rstrip(".")) if found else (text, "")


def _words(folder: Path) -> set[str]:
    """Every word of the files in a folder."""
    files = [file for file in folder.rglob("*") if file.suffix in (".py", ".yml")]
    return {word for file in files for word in re.findall(r"\w+", file.read_text("utf-8"))}


def _sources(words: str, switches: list[str]) -> str:
    names = ", ".join(switch.removeprefix("using_") for switch in switches)
    return f"{words} {names}" if len(switches) > 1 else names


def _seed(name: str) -> list[dict[str, str]]:
    with (BUSINESS_SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _table(header: list[str], rows: Iterable[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def main() -> int:
    for page in pages():
        replace_file(page, current(page))
    return 0


if __name__ == "__main__":
    sys.exit(main())
