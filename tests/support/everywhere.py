"""An independent search for a person: it shares nothing with the product except the file formats."""

from __future__ import annotations

import bz2
import gzip
import io
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa


@dataclass
class Subject:
    """One person's identifiers as in the landing files."""

    texts: set[str] = field(default_factory=set)  # e-mail, numbers, ids, street: each must not occur anywhere
    phones: set[str] = field(default_factory=set)  # national digits
    name: tuple[str, str] = ("", "")  # both words in one row


def places(home: Path, subject: Subject, without: tuple[Path, ...]) -> list[str]:
    """Every place below `home` that contains the subject; databases and Parquet are decoded column by column."""
    found: list[str] = []
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.is_symlink() and not any(path.is_relative_to(folder) for folder in without):
            _look(path.read_bytes(), str(path.relative_to(home)), path, subject, found)
    return found


def _look(data: bytes, label: str, path: Path | None, subject: Subject, found: list[str]) -> None:
    if data[8:12] == b"DUCK" and path:
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = current_database()"
            ).fetchall()
            for schema, table in tables:
                _rows(connection, f'"{schema}"."{table}"', f"{label}: {schema}.{table}", subject, found)
    elif data[:4] == b"PAR1" and path:
        with duckdb.connect() as connection:
            _rows(connection, f"read_parquet('{path}')", label, subject, found)
    elif data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    elif data[:3] == b"BZh":
        data = bz2.decompress(data)
    elif data[:4] == b"\x28\xb5\x2f\xfd":
        data = pa.input_stream(pa.BufferReader(data), compression="zstd").read()
    elif data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for item in packed.namelist():
                _look(packed.read(item), f"{label}: {item}", None, subject, found)
    lowered = data.lower()
    # In the bytes of a binary file digits may match by chance; its columns have been searched one by one.
    for text in subject.texts:
        if not (text.isdigit() and b"\0" in data) and _contains_word(lowered, text.encode()):
            found.append(f"{label}: bytes")
    if b"\0" not in data[:4096]:
        numbers = b"\n".join(re.findall(rb"[0-9+(][0-9 ()./-]{8,}", data))
        found += [f"{label}: phone" for phone in subject.phones if re.search(_phone(phone).encode(), numbers)]


def _rows(connection: duckdb.DuckDBPyConnection, relation: str, label: str, subject: Subject, found: list[str]) -> None:
    columns = [f'"{row[0]}"' for row in connection.execute(f"describe select * from {relation}").fetchall()]
    row_text = f"lower(concat_ws(chr(10), {', '.join(f'cast({column} as varchar)' for column in columns)}))"
    tests = [f"regexp_matches(text, '{_whole(needle)}')" for needle in subject.texts]
    tests += [f"regexp_matches(text, '{_phone(phone)}')" for phone in subject.phones]
    first, last = subject.name
    tests.append(f"(contains(text, '{first}') and contains(text, '{last}'))")
    for (text,) in connection.execute(
        f"select text from (select {row_text} as text from {relation}) where {' or '.join(tests)}"
    ).fetchall():
        values = str(text).splitlines()
        shows = [
            c
            for c, value in zip(columns, values, strict=False)
            if any(re.search(_whole(t), value) for t in subject.texts)
        ]
        found.append(f"{label}: {', '.join(shows)}")


def _phone(digits: str) -> str:
    return "(^|[^0-9])(00|[+])?(44)?[ ()./-]*0?" + "[ ()./-]*".join(digits) + "($|[^0-9])"


def _whole(text: str) -> str:
    return f"(^|[^a-z0-9]){re.escape(text)}($|[^a-z0-9])"


def _contains_word(data: bytes, text: bytes) -> bool:
    """Whether the bytes contain the text as a separate word."""
    at = data.find(text)
    while at >= 0:
        around = data[at - 1 : at] + data[at + len(text) : at + len(text) + 1]
        if not re.search(rb"[a-z0-9]", around):
            return True
        at = data.find(text, at + 1)
    return False
