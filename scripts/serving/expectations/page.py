"""Draws the results as one page that needs nothing else: no script, no font, no request; it prints as it looks."""

from __future__ import annotations

from typing import Any

from scripts.platform.pages.page import render
from scripts.serving.expectations.phrasing import MEASURES
from scripts.serving.expectations.results import CRITICAL, MET, NOT_JUDGED, WARNING, Quality, Result

VERDICTS = {
    "passed": ("good", "Everything that could be checked is as expected."),
    "warnings": ("warn", "Published. Some results are not as expected: review them."),
    "failed": ("bad", "Not published. Readers keep the last good version until the critical points are fixed."),
    "not_run": ("mute", "Expectations were not run."),
}
SUITES = {
    "volume": ("Volume", "Is the volume of data as usual?"),
    "drift": ("Levels", "Are shares and typical values as usual?"),
    "distribution": ("Distributions", "Do the last 28 days look like the 52 weeks before?"),
    "cross_field": ("Fields that contradict each other", "Do fields of the same row contradict each other?"),
}
COUNTS = {CRITICAL: "critical", WARNING: "warnings", MET: "as expected", NOT_JUDGED: "not checked"}
LABELS = {CRITICAL: "critical", WARNING: "warning", MET: "as expected", NOT_JUDGED: "not checked"}


def page(quality: Quality) -> str:
    """The whole page. Holds measures and counts only, nothing about a person."""
    kind, sentence = VERDICTS[quality.status]
    return render(
        "serving/expectations/page.html.j2",
        title="Data quality before publishing",
        day=f"Business day {quality.as_of_date}" if quality.as_of_date else "No business day",
        verdict={"kind": kind, "sentence": sentence},
        reason=_capital(quality.reason),
        is_checked=quality.status != "not_run",
        counts=[(quality.count(outcome), label) for outcome, label in COUNTS.items()],
        wrong=[
            _card(result, kind)
            for outcome, kind in ((CRITICAL, "bad"), (WARNING, "warn"))
            for result in quality.results
            if result.outcome == outcome
        ],
        suites=_as_expected(quality),
        distributions=[_sheet(distribution) for distribution in quality.distributions],
        not_checked=_not_checked(quality),
        engine=quality.engine or "",
    )


def _card(result: Result, kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "label": LABELS[result.outcome],
        "subject": _capital(result.subject),
        "expectation": result.expectation,
        "seen": _capital(result.seen),
        "since": result.since,
        "points": _points(result.days),
        "what_to_do": result.what_to_do,
        "expectation_key": result.expectation_key,
        "limits": _limits(result),
    }


def _as_expected(quality: Quality) -> list[dict[str, Any]]:
    """What is as expected, by suite; suites without any are left out."""
    held = [
        {
            "title": title,
            "question": question,
            "rows": [
                [_capital(result.subject), _capital(result.seen), _capital(_limits(result))]
                for result in quality.results
                if result.suite == suite and result.outcome == MET
            ],
        }
        for suite, (title, question) in SUITES.items()
    ]
    return [suite for suite in held if suite["rows"]]


def _not_checked(quality: Quality) -> list[list[str]]:
    """One row per expectation: a channel too small for one week is too small for most of them."""
    rows = [result for result in quality.results if result.outcome == NOT_JUDGED]
    return [
        [
            _capital("; ".join(result.subject for result in rows if result.expectation == expectation)),
            _capital(expectation),
            _capital(
                "; ".join(dict.fromkeys(result.reason or "" for result in rows if result.expectation == expectation))
            ),
        ]
        for expectation in dict.fromkeys(result.expectation for result in rows)
    ]


def _limits(result: Result) -> str:
    """The limits of the seed, in words."""
    names = {
        "ratio": "times the usual",
        "deviation": "spreads from the usual",
        "observed": "",
        "psi_beyond_chance": "index beyond chance",
        "psi": "index",
        "faulty_share": "share",
        "faulty_rows": "rows",
    }
    low, high = result.min_value, result.max_value
    if result.column_name == "deviation" and (low or 0) <= 0 <= (high or 0):
        sides = ((low and -low, "below"), (high, "above"))
        return f"at most {' and '.join(f'{limit:g} spreads {side}' for limit, side in sides if limit)} the usual"
    bounds = (
        f"{low:g} to {high:g}"
        if low is not None and high is not None
        else f"at least {low:g}"
        if low is not None
        else f"at most {high:g}"
    )
    return f"{bounds} {names.get(result.column_name, result.column_name)}".strip()


def _points(days: list[float | None]) -> str:
    """The checked value over the last days, as points of a sparkline; empty when there are too few."""
    known = [value for value in days if value is not None]
    if len(known) < 3:
        return ""
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    return " ".join(
        f"{index * 180 / (len(days) - 1):.1f},{26 - (value - low) / span * 22:.1f}"
        for index, value in enumerate(days)
        if value is not None
    )


def _sheet(distribution: dict[str, Any]) -> dict[str, Any]:
    """Bins of a mix by their size in the reference, bins of an amount from low to high."""
    bins = distribution["bins"]
    if distribution["measure"].endswith("_mix"):
        bins = sorted(bins, key=lambda row: (-row["reference_share"], row["bin_name"]))
    largest = max(max(row["recent_share"], row["reference_share"]) for row in bins)
    name = MEASURES.get(distribution["measure"], distribution["measure"].replace("_", " "))
    return {
        "title": _capital(name),
        "name": name,
        "bins": [
            {
                "name": row["bin_name"] if len(row["bin_name"]) <= 26 else row["bin_name"][:25] + "…",
                "bars": [
                    {
                        "offset": offset,
                        "part": part,
                        "width": row[f"{part}_share"] / largest * 200,
                        "count": row[f"{part}_count"],
                    }
                    for offset, part in ((3, "recent"), (14, "reference"))
                ],
            }
            for row in bins
        ],
    }


def _capital(text: str | None) -> str:
    return text[:1].upper() + text[1:] if text else ""
