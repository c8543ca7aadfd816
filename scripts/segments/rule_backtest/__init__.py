"""Variants of a segment's rule on past days: who would have matched each, and what these people did afterwards."""

from scripts.segments.rule_backtest.command import backtest_rule

__all__ = ["backtest_rule"]
