"""The smallest change of a customer that would take them into a segment, or out of it.

Works on the trace that the warehouse gives of a rule: its conditions with the customer's values and verdicts
(`conditions`). What a proposed change (`steps`) does is judged on the whole rule (`search`), so that a change that
mends one condition and breaks another is none.
"""

from scripts.segments.nearest_change.conditions import Traced, is_member, shown
from scripts.segments.nearest_change.search import Change, is_past, nearest_changes, nearness
from scripts.segments.nearest_change.steps import KNOWN

__all__ = ["KNOWN", "Change", "Traced", "is_member", "is_past", "nearest_changes", "nearness", "shown"]
