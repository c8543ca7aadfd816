"""Tables between a DuckDB warehouse and Spark, as Parquet: `<folder>/<schema>/<table>/<file>.parquet`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.platform.progress import Progress, tell_share
from scripts.platform.warehouse import literal, open_warehouse, quote
from scripts.platform.workspace import Workspace

if TYPE_CHECKING:
    from scripts.platform.spark.cluster import Cluster

# What models read and do not build: deliveries, what the load says about them, and removals that an erasure asked for.
INPUTS = (
    "table_schema like 'raw\\_%' escape '\\' or table_schema = 'intake'"
    " or (table_schema = 'state' and table_name = 'erasure_removals')"
)


def export_inputs(workspace: Workspace, folder: Path) -> list[str]:
    """Write what models read and do not build as Parquet under `folder`; returns them as `schema.table`.

    A former export there is replaced.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with open_warehouse(workspace.warehouse, read_only=True) as connection:
        found = connection.execute(
            f"select table_schema, table_name from information_schema.tables where {INPUTS} order by all"
        ).fetchall()
        for schema, table in found:
            target = folder / schema / table
            target.mkdir(parents=True, mode=0o700)
            file = literal(str(target / "rows.parquet"))
            connection.execute(f"copy {quote(schema)}.{quote(table)} to {file} (format parquet, compression zstd)")
    return [f"{schema}.{table}" for schema, table in found]


def register(cluster: Cluster, folder: Path, progress: Progress = print) -> int:
    """Make the tables under `folder` known to Spark as external tables; returns their number.

    A table of the same name is replaced, whatever its columns were.
    """
    tables = sorted(path for path in folder.glob("*/*") if path.is_dir())
    for schema in sorted({table.parent.name for table in tables}):
        cluster.execute(f"create schema if not exists {schema}")
    for number, table in enumerate(tables, start=1):
        name = f"{table.parent.name}.`{table.name}`"
        cluster.execute(
            f"drop table if exists {name}",
            f"create table {name} using parquet location {literal(table.as_uri())}",
        )
        tell_share(progress, number, len(tables))
    progress(f"spark: {len(tables)} raw tables registered")
    return len(tables)
