"""Measurements of the project at scale and against second implementations."""
