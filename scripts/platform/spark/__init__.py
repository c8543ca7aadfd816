"""Spark beside DuckDB: a cluster on this machine, and tables on their way to a lake and back."""
