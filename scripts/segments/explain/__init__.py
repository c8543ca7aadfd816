"""Why a customer is in a segment, or out of it, and what would change that. Read-only; shows no names or addresses.

`reading` queries the warehouse, `wording` puts the answer into words, `command` does both for the command line.
"""

from scripts.segments.explain.command import explain
from scripts.segments.explain.reading import explained_rows, find_customer
from scripts.segments.explain.wording import condition_words, holding

__all__ = ["condition_words", "explain", "explained_rows", "find_customer", "holding"]
