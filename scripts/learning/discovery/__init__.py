"""Subgroup discovery: rules that foretell unusual value, lapse or response, found on one half, proved on the other."""

from scripts.learning.discovery.command import discover

__all__ = ["discover"]
