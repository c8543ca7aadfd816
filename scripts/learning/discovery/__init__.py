"""Subgroup discovery: rules that predict unusual value, lapse or response; found on one half, tested on the other."""

from scripts.learning.discovery.command import discover

__all__ = ["discover"]
