"""Draws the results as one page that needs nothing else: no script, no font, no request; it prints as it looks."""

from __future__ import annotations

from html import escape
from typing import Any

from scripts.serving.expectations.results import CRITICAL, MET, NOT_JUDGED, WARNING, Quality, Result
from scripts.serving.expectations.words import MEASURES

VERDICTS = {
    "passed": ("good", "All that could be judged is as expected."),
    "warnings": ("warn", "Published. Some things are not as expected: look at them."),
    "failed": ("bad", "Not published. Readers keep the last good version until the critical points are mended."),
    "not_run": ("mute", "Expectations were not run."),
}
SUITES = {
    "volume": ("Volume", "Does as much come in as usually does?"),
    "drift": ("Levels", "Do shares and typical values lie where they usually lie?"),
    "distribution": ("Distributions", "Do the last 28 days look like the 52 weeks before?"),
    "cross_field": ("Fields that contradict each other", "Does one row tell two stories?"),
}
LABELS = {CRITICAL: "critical", WARNING: "warning", MET: "as expected", NOT_JUDGED: "not judged"}

STYLE = """
:root { color-scheme: light; --ink: #1b2430; --soft: #5b6675; --line: #dde2e9; --page: #f5f6f8;
  --good: #1d7a4d; --warn: #a25b00; --bad: #b3261e; --mute: #5b6675; --recent: #2f5fb3; --reference: #b8c4d6; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; margin: 0 0 4px; }
h2 { font-size: 19px; margin: 40px 0 4px; }
h3 { font-size: 15px; margin: 0 0 6px; overflow-wrap: anywhere; }
p { margin: 0 0 8px; }
.lead { margin-top: 14px; }
.soft { color: var(--soft); }
.verdict { border-left: 6px solid var(--mute); background: #fff; padding: 14px 18px; margin: 20px 0;
  border-radius: 4px; }
.verdict strong { font-size: 17px; }
.counts { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; margin: 0; padding: 0; list-style: none; }
.counts li { background: #fff; border-radius: 4px; padding: 12px 16px; }
.counts b { display: block; font-size: 24px; line-height: 1.2; }
.card { background: #fff; border-left: 6px solid var(--mute); border-radius: 4px; padding: 14px 18px; margin: 12px 0;
  break-inside: avoid; }
.verdict.good { border-color: var(--good); } .verdict.warn, .card.warn { border-color: var(--warn); }
.verdict.bad, .card.bad { border-color: var(--bad); }
.card dl { display: grid; grid-template-columns: 110px 1fr; gap: 4px 12px; margin: 0; }
.card dt { color: var(--soft); } .card dd { margin: 0; }
.tag { display: inline-block; font-size: 12px; font-weight: 600; color: #fff; background: var(--mute);
  border-radius: 3px; padding: 1px 8px; margin-right: 8px; vertical-align: 1px; }
.tag.good { background: var(--good); } .tag.warn { background: var(--warn); } .tag.bad { background: var(--bad); }
table { width: 100%; border-collapse: collapse; background: #fff; border-radius: 4px; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: 7px 12px; border-top: 1px solid var(--line);
  overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; border-top: 0; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tr { break-inside: avoid; }
.sheets { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px; margin-top: 12px; }
.sheet { background: #fff; border-radius: 4px; padding: 14px 18px; break-inside: avoid; }
.bins { width: 100%; height: auto; display: block; }
.key i { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin: 0 5px 0 12px; }
svg text { font-size: 11px; fill: var(--ink); }
@media (max-width: 720px) { .counts { grid-template-columns: repeat(2, 1fr); } .sheets { grid-template-columns: 1fr; }
  .card dl { grid-template-columns: 1fr; } .card dd { margin-bottom: 6px; } }
@media print { body { background: #fff; font-size: 12px; } main { max-width: none; padding: 0; }
  .counts li, .sheet, table { border: 1px solid var(--line); }
  .card, .verdict { border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""


def page(quality: Quality) -> str:
    """The whole page. Holds measures and counts only, nothing about a person."""
    kind, sentence = VERDICTS[quality.status]
    day = f"Business day {escape(quality.as_of_date)}" if quality.as_of_date else "No business day"
    parts = [
        "<h1>Data quality before publishing</h1>",
        f'<p class="soft">{day}. Expectations on volume, drift and contradicting fields, judged on small profiles of'
        " the data; row by row, dbt's own tests hold.</p>",
        f'<div class="verdict {kind}"><strong>{escape(sentence)}</strong>',
        f"<p>{escape(_capital(quality.reason))}</p></div>" if quality.reason else "</div>",
    ]
    if quality.status != "not_run":
        parts += [_counts(quality), *_wrong(quality), *_held(quality), *_distributions(quality.distributions)]
        parts += _not_judged(quality)
        parts.append(
            "<h2>How it is judged</h2><p>A period is held against the same measure's earlier periods that ended on the"
            " same weekday: days and weeks against the twelve weeks before, 28 days against the six periods before."
            " The usual is their median. A distribution is held against the 52 weeks before by the population"
            " stability index; what chance alone may bring is taken off. Limits are rows of"
            " <code>expectation_limits.csv</code>: change one, build, publish. Critical rows stop publishing.</p>"
            f'<p class="soft">Judged by {escape(quality.engine or "")}.</p>'
        )
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Data quality before publishing</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _counts(quality: Quality) -> str:
    items = "".join(
        f"<li><b>{quality.count(outcome)}</b>{label}</li>"
        for outcome, label in (
            (CRITICAL, "critical"),
            (WARNING, "warnings"),
            (MET, "as expected"),
            (NOT_JUDGED, "not judged"),
        )
    )
    return f'<ul class="counts">{items}</ul>'


def _wrong(quality: Quality) -> list[str]:
    """A card for each thing that does not hold, the critical ones first."""
    cards = []
    for outcome, kind in ((CRITICAL, "bad"), (WARNING, "warn")):
        for result in quality.results:
            if result.outcome == outcome:
                cards.append(_card(result, kind))
    if not cards:
        return []
    return ["<h2>Not as expected</h2>", *cards]


def _card(result: Result, kind: str) -> str:
    since = f"<dt>Since</dt><dd>{escape(result.since)}{_line(result.days)}</dd>" if result.since else ""
    return (
        f'<div class="card {kind}"><h3><span class="tag {kind}">{LABELS[result.outcome]}</span>'
        f"{escape(_capital(result.subject))}</h3><dl>"
        f"<dt>Expected</dt><dd>{escape(result.expectation)}</dd>"
        f"<dt>Seen</dt><dd>{escape(_capital(result.seen))}</dd>{since}"
        f"<dt>What to do</dt><dd>{escape(result.what_to_do)}</dd>"
        f'<dt>Row</dt><dd class="soft"><code>{escape(result.expectation_key)}</code>: {escape(_limits(result))}</dd>'
        "</dl></div>"
    )


def _held(quality: Quality) -> list[str]:
    parts = ["<h2>As expected</h2>"] if quality.count(MET) else []
    for suite, (title, question) in SUITES.items():
        rows = [result for result in quality.results if result.suite == suite and result.outcome == MET]
        if rows:
            parts.append(f'<p class="lead"><strong>{title}.</strong> <span class="soft">{question}</span></p>')
            cells = [(result.subject, result.seen, _limits(result)) for result in rows]
            parts.append(_table(("What", "Seen", "Allowed"), cells))
    return parts


def _not_judged(quality: Quality) -> list[str]:
    rows = [result for result in quality.results if result.outcome == NOT_JUDGED]
    if not rows:
        return []
    # One row per expectation: a channel too small for one week is too small for most of them.
    cells = [
        (
            "; ".join(result.subject for result in rows if result.expectation == expectation),
            expectation,
            "; ".join(dict.fromkeys(result.reason or "" for result in rows if result.expectation == expectation)),
        )
        for expectation in dict.fromkeys(result.expectation for result in rows)
    ]
    return [
        "<h2>Not judged</h2>",
        '<p class="soft">Too little to tell, or nothing delivered. This is not a pass.</p>',
        _table(("What", "Would be expected", "Why not judged"), cells),
    ]


def _table(head: tuple[str, str, str], rows: list[tuple[str, str, str]]) -> str:
    widths = (30, 44, 26)
    columns = "".join(f'<col style="width:{width}%">' for width in widths)
    body = "".join("<tr>" + "".join(f"<td>{escape(_capital(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    heads = "".join(f"<th>{cell}</th>" for cell in head)
    return f"<table><colgroup>{columns}</colgroup><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _limits(result: Result) -> str:
    """The limits as they stand in the seed, in words."""
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
    bounds = (
        f"{low:g} to {high:g}"
        if low is not None and high is not None
        else f"at least {low:g}"
        if low is not None
        else f"at most {high:g}"
    )
    return f"{bounds} {names.get(result.column_name, result.column_name)}".strip()


def _line(days: list[float | None]) -> str:
    """The judged value over the last days, as a small line; nothing when there are too few."""
    known = [value for value in days if value is not None]
    if len(known) < 3:
        return ""
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    points = " ".join(
        f"{index * 180 / (len(days) - 1):.1f},{26 - (value - low) / span * 22:.1f}"
        for index, value in enumerate(days)
        if value is not None
    )
    return (
        ' <svg width="180" height="30" viewBox="0 0 180 30" role="img" aria-label="the last 28 days"'
        ' style="vertical-align:middle;margin-left:12px"><polyline fill="none" stroke="#2f5fb3" stroke-width="2"'
        f' points="{points}"/></svg> <span class="soft">last 28 days</span>'
    )


def _distributions(distributions: list[dict[str, Any]]) -> list[str]:
    if not distributions:
        return []
    return [
        "<h2>Distributions</h2>",
        '<p class="key soft">Share of rows in each bin:<i style="background:var(--recent)"></i>last 28 days'
        '<i style="background:var(--reference)"></i>52 weeks before</p>',
        '<div class="sheets">' + "".join(_sheet(distribution) for distribution in distributions) + "</div>",
    ]


def _sheet(distribution: dict[str, Any]) -> str:
    """Two bars per bin. Bins of a mix by their size in the reference, bins of an amount from low to high."""
    bins = distribution["bins"]
    if distribution["measure"].endswith("_mix"):
        bins = sorted(bins, key=lambda row: (-row["reference_share"], row["bin_name"]))
    largest = max(max(row["recent_share"], row["reference_share"]) for row in bins)
    rows = []
    for index, row in enumerate(bins):
        top = index * 30
        name = row["bin_name"] if len(row["bin_name"]) <= 26 else row["bin_name"][:25] + "…"
        rows.append(f'<text x="0" y="{top + 17}">{escape(name)}</text>')
        for offset, part, colour in ((3, "recent", "var(--recent)"), (14, "reference", "var(--reference)")):
            width = row[f"{part}_share"] / largest * 200
            rows.append(f'<rect x="170" y="{top + offset}" width="{width:.1f}" height="9" rx="1" fill="{colour}"/>')
            label = f"{row[f'{part}_count']:,}"
            rows.append(f'<text x="{170 + width + 5:.1f}" y="{top + offset + 8.5}" class="n">{label}</text>')
    name = MEASURES.get(distribution["measure"], distribution["measure"].replace("_", " "))
    return (
        f'<div class="sheet"><h3>{escape(_capital(name))}</h3><svg class="bins" viewBox="0 0 430 {len(bins) * 30}"'
        f' role="img" aria-label="{escape(name)}">{"".join(rows)}</svg></div>'
    )


def _capital(text: str | None) -> str:
    return text[:1].upper() + text[1:] if text else ""
