"""Shared by all packages: the project's folders, DuckDB, dbt, seeds as files, contracts, versions, pages."""
