"""Outcomes of the checks: one result per expectation and row of a profile, and the overall verdict."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

MET, WARNING, CRITICAL, NOT_JUDGED = "met", "warning", "critical", "not_judged"
FORMAT = 1


@dataclass(frozen=True)
class Result:
    """One expectation checked against one row of a profile.

    `value` is what the limits apply to (`column_name` says which); `observed` and `expected` are in the measure's own
    unit. `since`: the first day of the current unbroken breach. `days`: that value on each of the last days, oldest
    first, for those that have a history.
    """

    expectation_key: str
    suite: str
    severity: str
    outcome: str
    expectation: str
    subject: str
    seen: str
    column_name: str
    value: float | None
    min_value: float | None
    max_value: float | None
    observed: float | None
    expected: float | None
    basis_rows: int | None
    history_count: int | None
    since: str | None
    reason: str | None
    what_to_do: str
    days: list[float | None] = field(default_factory=list)


@dataclass(frozen=True)
class Quality:
    """All results of one check. `status`: passed, warnings, failed or not_run (`reason` says why)."""

    status: str
    as_of_date: str | None
    reason: str | None
    engine: str | None
    results: list[Result]
    distributions: list[dict[str, Any]]

    def count(self, outcome: str) -> int:
        return sum(result.outcome == outcome for result in self.results)

    def critical_lines(self) -> list[str]:
        """One line per critical expectation that is not met, for a terminal."""
        return [
            f"{result.expectation_key} ({result.subject}): expected: {result.expectation} Observed: {result.seen}"
            + (f" Since {result.since}." if result.since else "")
            + f" {result.what_to_do}"
            for result in self.results
            if result.outcome == CRITICAL
        ]

    def summary(self) -> str:
        """The verdict in one line."""
        if self.status == "not_run":
            return f"expectations were not run: {self.reason}"
        return (
            f"expectations: {self.count(MET)} met, {self.count(WARNING)} warnings, {self.count(CRITICAL)} critical, "
            f"{self.count(NOT_JUDGED)} not checked"
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "status": self.status,
            "as_of_date": self.as_of_date,
            "reason": self.reason,
            "engine": self.engine,
            "counts": {outcome: self.count(outcome) for outcome in (MET, WARNING, CRITICAL, NOT_JUDGED)},
            "results": [asdict(result) for result in self.results],
            "distributions": self.distributions,
        }


def not_run(reason: str, as_of_date: str | None = None) -> Quality:
    """The result when nothing was checked."""
    return Quality("not_run", as_of_date or None, reason, None, [], [])


def verdict(as_of_date: str, engine: str, results: list[Result], distributions: list[dict[str, Any]]) -> Quality:
    """The verdict over all results: the worst outcome decides."""
    outcomes = {result.outcome for result in results}
    status = "failed" if CRITICAL in outcomes else "warnings" if WARNING in outcomes else "passed"
    return Quality(status, as_of_date or None, None, engine, results, distributions)
