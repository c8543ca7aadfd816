"""The smallest change of a customer that would move them into a segment, or out of it.

Works on the warehouse's trace of a rule: its conditions with the customer's values and verdicts (`conditions`). A
proposed change (`steps`) is evaluated on the whole rule (`search`), so that a change that satisfies one condition and
breaks another does not count; nor does one that nobody can make, such as an earlier first order.
"""

from scripts.segments.counterfactuals.conditions import KNOWN, Traced, is_member, shown
from scripts.segments.counterfactuals.search import Change, counterfactuals, nearness

__all__ = ["KNOWN", "Change", "Traced", "counterfactuals", "is_member", "nearness", "shown"]
