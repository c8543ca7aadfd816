"""The shared transform: checked by hand on one attribute; uninformative attributes are dropped."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from scripts.learning.prediction.transform import COLUMNS, apply_transform, fit_transform_of, invert_transform


def test_the_transform_is_as_described() -> None:
    """Calculated value by value with the standard library, for both scales, with outliers and nulls."""
    values = [0.0, 1.0, 2.0, 4.0, 8.0, 1000.0, None]
    frame = pd.DataFrame({"a": values, "b": values})
    transform = fit_transform_of(frame, {"a": "log", "b": "linear"})
    assert transform.columns.tolist() == COLUMNS
    known = [value for value in values if value is not None]
    low, high = 0.05, 8 + 0.95 * 992  # numpy's default: linear between order statistics
    for position, (name, scale) in enumerate([("a", math.log1p), ("b", float)]):
        scaled = [scale(min(max(value, low), high) - low) for value in known]
        centre = sum(scaled) / 6
        spread = math.sqrt(sum((value - centre) ** 2 for value in scaled) / 6)
        row = transform.iloc[position]
        assert row["attribute_name"] == name
        assert [row["winsor_low"], row["winsor_high"]] == pytest.approx([low, high])
        assert [row["centre"], row["spread"]] == pytest.approx([centre, spread])
        assert row["missing_value"] == pytest.approx((scale(3.0 - low) - centre) / spread)
        expected = [(value - centre) / spread for value in scaled] + [row["missing_value"]]
        assert apply_transform(frame, transform)[:, position] == pytest.approx(expected)


def test_an_attribute_that_is_the_same_for_all_has_no_row() -> None:
    frame = pd.DataFrame({"same": [3.0] * 500, "rare": [0.0] * 499 + [9.0], "none": [None] * 500, "varies": range(500)})
    scales = dict.fromkeys(frame.columns, "linear")
    assert fit_transform_of(frame, scales)["attribute_name"].tolist() == ["varies"]


def test_small_units_and_large_ones_are_standardised_alike() -> None:
    values = np.random.default_rng(4).normal(size=1000)
    frame = pd.DataFrame({"tiny": values * 1e-7, "huge": values * 1e12 + 1e13})
    points = apply_transform(frame, fit_transform_of(frame, {"tiny": "linear", "huge": "linear"}))
    assert np.allclose(points.std(axis=0), 1) and np.allclose(points[:, 0], points[:, 1])


def test_within_the_limits_the_transform_can_be_undone() -> None:
    frame = pd.DataFrame({"a": np.linspace(-5, 80, 400), "b": np.linspace(2, 3, 400)})
    transform = fit_transform_of(frame, {"a": "log", "b": "linear"})
    inner = frame.iloc[20:380]
    assert np.allclose(invert_transform(apply_transform(inner, transform), transform), inner.to_numpy())


def test_booleans_count_as_0_and_1() -> None:
    frame = pd.DataFrame({"flag": pd.array([True, False, None, False], dtype="boolean")})
    transform = fit_transform_of(frame, {"flag": "linear"})
    expected = [math.sqrt(2)] + [-math.sqrt(0.5)] * 3
    assert apply_transform(frame, transform)[:, 0] == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("frame", "scale", "said"),
    [
        (pd.DataFrame({"a": [1.0, math.inf]}), "log", "infinite"),
        (pd.DataFrame({"a": [1.0, 2.0]}), "root", "scale 'root'"),
    ],
)
def test_invalid_input_is_refused(frame: pd.DataFrame, scale: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fit_transform_of(frame, {"a": scale})
