"""Invented customers: attributes with various distributions, and outcomes independent of them unless planted."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd

from scripts.learning.discovery.inputs import People
from scripts.learning.prediction.cards import DataFacts

TEXT = "country_code"


def invented(count: int, seed: int) -> pd.DataFrame:
    """`count` customers; outcomes are independent of the attributes, values skewed and mostly zero."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"customer_id": [f"{seed}-{number}" for number in range(count)]})
    liking = random.gamma(0.6, 1.0, count)
    frame["order_count"] = 1.0 + random.poisson(3 * liking)
    frame["days_since_last_order"] = np.floor(random.exponential(120, count))
    frame["email_received_count_90d"] = random.poisson(3, count).astype(float)
    for number in range(4):
        frame[f"money_{number}"] = np.round(random.lognormal(3, 1.2, count) * (random.random(count) < 0.8), 2)
        frame[f"count_{number}"] = random.poisson(2 * liking[random.permutation(count)]).astype(float)
        gone = random.random(count) < 0.4
        frame[f"days_{number}"] = np.where(gone, np.nan, np.floor(random.exponential(150, count)))
    frame[TEXT] = random.choice(["GB", "DE", "FR", "NL"], count, p=[0.6, 0.2, 0.15, 0.05])
    buys = random.random(count) < 0.3
    margin = random.lognormal(3.3, 1.1, count) * random.choice([1, -0.2], count, p=[0.95, 0.05])
    frame["value_after"] = np.where(buys, margin, 0.0)
    frame["lapse_after"] = (~buys).astype(float)
    frame["response_after"] = (random.random(count) < 0.3).astype(float)
    return frame


def attributes_of(frame: pd.DataFrame) -> pd.DataFrame:
    """The catalogue of an invented frame."""
    names = [name for name in frame.columns if name != "customer_id" and not name.endswith("_after")]
    return pd.DataFrame(
        {
            "attribute_name": names,
            "theme": "orders",
            "unit": ["days" if name.startswith("days") else "things" for name in names],
            "value_type": ["text" if name == TEXT else "number" for name in names],
            "phrase": [
                json.dumps({"kind": "", "label": name.replace("_", " "), "unit": "", "absent": "not known"})
                for name in names
            ],
        }
    )


def people_of(frame: pd.DataFrame, unavailable: dict[str, str] | None = None) -> People:
    """The invented customers as if read from a workspace, with every second one held out."""
    return People(
        day=date(2026, 1, 1),
        days=180,
        then=frame,
        is_kept_back=np.arange(len(frame)) % 2 == 1,
        today=frame,
        known_count=2 * len(frame),
        attributes=attributes_of(frame),
        unavailable=unavailable or {},
        facts=DataFacts(date(2026, 6, 30), date(2023, 1, 1), 9_000, 250_000.0, "GBP", "demo"),
    )
