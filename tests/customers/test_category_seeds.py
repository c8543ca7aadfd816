"""Invalid rows in the seeds about categories are reported with their lines before anything is built on them."""

from __future__ import annotations

import pytest

from scripts.pipeline import steps
from scripts.platform.errors import CheckFailed
from scripts.platform.workspace import Workspace


def test_invalid_rows_are_reported_with_their_lines(demo_copy: Workspace) -> None:
    with (demo_copy.seeds / "category_relations.csv").open("a", encoding="utf-8") as relations:
        relations.write("Fashion,Beauty,goes_with,\nFashion,Acessories,add_on,\n")
    with (demo_copy.seeds / "campaign_products.csv").open("a", encoding="utf-8") as products:
        products.write("spring,,Fashion,\nspring,NO-SUCH,,\n")
    messages: list[str] = []
    with pytest.raises(CheckFailed, match=r"2 error\(s\)"):
        steps.build(
            demo_copy,
            select="category_relations campaign_products int_catalogue_name_violations assert_seeds_have_no_violations",
            progress=messages.append,
        )
    lines = [line for line in messages if line.startswith("error: ca")]
    assert lines == [
        "error: campaign_products.csv, line 3 (spring, NO-SUCH,): sku is `NO-SUCH`, which is not in the catalogue;"
        " copy the SKU from the catalogue",
        "error: category_relations.csv, line 3 (Fashion, Acessories): related_category is `Acessories`, which is"
        " not in the catalogue; did you mean `Accessories`?",
    ]
