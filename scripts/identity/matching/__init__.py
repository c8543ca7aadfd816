"""Optional probabilistic matching: proposes pairs of customers that may be one person, for people to decide.

Nothing here links customers by itself. `train_workspace` estimates how informative each field is and stores it as data;
`propose` writes an access-restricted file of pairs; `accept` turns a reviewer's decisions into landing rows, which the
models then apply.
"""

from __future__ import annotations

from scripts.identity.matching.decisions import accept
from scripts.identity.matching.evaluation import evaluate
from scripts.identity.matching.proposals import propose
from scripts.identity.matching.training import train_workspace

__all__ = ["accept", "evaluate", "propose", "train_workspace"]
