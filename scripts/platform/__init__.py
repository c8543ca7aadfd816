"""What every room stands on: the project's folders, the engine, dbt, seeds as files, contracts, versions, pages."""
