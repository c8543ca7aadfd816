"""Clusters of buyers: centres as a seed for SQL to assign by, a review pack, and candidate rules as drafts."""

from scripts.learning.clusters.command import cluster

__all__ = ["cluster"]
