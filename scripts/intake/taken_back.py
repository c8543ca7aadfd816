"""A mapping that has changed: what its earlier form loaded is taken back, so that the files are read anew."""

from __future__ import annotations

import duckdb

from scripts.intake.landing import LandingFile
from scripts.intake.mapping import FOLDER, MAPPING_FILE
from scripts.intake.overrides import REPLAYED
from scripts.intake.versions import relation
from scripts.platform.contracts import Source, Table
from scripts.platform.progress import Progress

OF_TABLE = ("files", "rejects", "confirmations", "schema_drift")


def take_back(
    connection: duckdb.DuckDBPyConnection, files: list[LandingFile], sources: dict[str, Source], progress: Progress
) -> tuple[list[LandingFile], list[str]]:
    """Empty each table that a mapping filled and now fills differently, or no more; all its files are then read again.

    A table is emptied as a whole, since a row of one file may be stored as a repetition of another file's. Where one of
    its files is no longer there it stays as it is, and the mapping's files are not loaded: returned are the files to
    load, and one line per such mapping.
    """
    present = {file.name for file in files}
    current = {(_folder(file.name), file.table.label): file.mapping.digest for file in files if file.mapping}
    folders = {folder for folder, _ in current}
    loaded = connection.execute(
        "select path, source_name || '/' || table_name, mapping from intake.files where status = 'loaded' order by path"
    ).fetchall()
    changed: dict[str, set[str]] = {}
    for path, label, digest in loaded:
        folder = _folder(path)
        if digest and folder in folders and current.get((folder, label)) != digest:
            changed.setdefault(label, set()).add(folder)
    problems, blocked = [], set()
    for label, named in changed.items():
        gone = sorted(
            {
                path.partition("#")[0] if digest else path
                for path, of_table, digest in loaded
                if of_table == label
                and path not in present
                and not path.startswith(REPLAYED)
                # A table that the mapping no longer fills: the file itself is still there.
                and not (digest and any(name.startswith(path.partition("#")[0] + "#") for name in present))
            }
        )
        if gone:
            more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
            blocked |= named
            problems += [
                f"{FOLDER}/{folder}/{MAPPING_FILE}: has changed, but {gone[0]}{more}, loaded into {label} before, is "
                "no longer in the landing zone; put it back, or undo the change"
                for folder in sorted(named)
            ]
            continue
        source, _, name = label.partition("/")
        _empty(connection, sources[source].tables[name])
        progress(f"{label}: its mapping has changed, so all its files are read again")
    return [file for file in files if not (file.mapping and _folder(file.name) in blocked)], problems


def _folder(path: str) -> str:
    """The name of a mapping, from the path of one of its files."""
    parts = path.split("/")
    return parts[1] if parts[0] == FOLDER and len(parts) > 2 else ""


def _empty(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    connection.begin()
    connection.execute(f"delete from {relation(table)}")
    for name in OF_TABLE:
        connection.execute(
            f"delete from intake.{name} where source_name = ? and table_name = ?", [table.source, table.name]
        )
    connection.commit()
