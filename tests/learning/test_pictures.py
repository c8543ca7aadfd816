"""Charts: what they show, and that they are self-contained."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from scripts.learning.prediction import bg_nbd
from scripts.learning.prediction.pictures import tracking_chart
from scripts.platform.errors import UserError
from scripts.platform.pages.page import outside_references
from tests.support.cdnow import cdnow


def test_the_tracking_chart_says_how_far_off_the_model_is() -> None:
    weeks = np.arange(1, 11)
    svg = tracking_chart(weeks * 10, weeks * 9.5, 6, title="Trial")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert not outside_references(svg)
    for words in ("Trial", "Week 10: 95 expected, 100 bought (−5.0%)", "fitted to these weeks", "predicted"):
        assert words in svg
    # If the model was fitted to every week, nothing is marked as predicted.
    assert "predicted" not in tracking_chart(weeks, weeks, 10)


def test_series_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="the same length"):
        tracking_chart([1, 2, 3], [1, 2], 1)


def test_without_the_drawing_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(UserError, match=r"customer-segmentation\[report\]"):
        tracking_chart([1, 2], [1, 2], 1)


@pytest.mark.verify
def test_cdnow_is_drawn() -> None:
    data = cdnow()
    weeks = np.arange(1, 79)
    found = bg_nbd.fit(data.x, data.t_x, data.T)
    expected = bg_nbd.expected_cumulative(weeks, data.first_day, found.parameters)
    svg = tracking_chart(np.searchsorted(data.repeat_days, 7 * weeks), expected, 39)
    assert "Week 78: 4,161 expected, 4,339 bought (−4.1%)" in svg
