"""Variants of a segment's rule over past days: whom each would have found, and what these people did afterwards."""

from scripts.segments.rule_backtest.command import backtest_rule

__all__ = ["backtest_rule"]
