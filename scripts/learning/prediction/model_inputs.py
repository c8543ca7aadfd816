"""The seed model_inputs: what each model may use, on which scale, and the wording for low and high values."""

from __future__ import annotations

from pathlib import Path

from scripts.platform.seed_files import read_rows

FILE = "model_inputs.csv"
COLUMNS = ["model_key", "attribute_name", "scale", "low_words", "high_words"]


def read_model_inputs(seeds: Path, model_key: str) -> list[dict[str, str]]:
    """The rows of one model in file order, with cells stripped of surrounding blanks; empty where it has none.

    Raises UserError if the file has a different header.
    """
    rows = [{name: cell.strip() for name, cell in row.items()} for row in read_rows(seeds / FILE, COLUMNS)]
    return [row for row in rows if row["model_key"] == model_key]
