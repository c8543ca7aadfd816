"""Benchmarks of the project at scale and against other implementations."""
