"""The columns of the tables that the load keeps, and the columns that it adds to every raw table."""

from __future__ import annotations

HIDDEN_COLUMNS = (
    ("_load_id", "varchar"),
    ("_file_id", "bigint"),
    ("_line", "bigint"),
    ("_delivered_at", "timestamp"),
    ("_record_hash", "bigint"),
)
LEDGER: dict[str, dict[str, str]] = {
    "files": {
        "file_id": "bigint", "source_name": "varchar", "table_name": "varchar", "path": "varchar",
        "size_bytes": "bigint", "checksum": "varchar", "landed_rows": "bigint", "accepted_rows": "bigint",
        "duplicate_rows": "bigint", "rejected_rows": "bigint", "erased_rows": "bigint", "delivered_at": "timestamp",
        "load_id": "varchar",
        "status": "varchar", "reason": "varchar", "file_stamp": "varchar", "encoding": "varchar",
        "mapping": "varchar",
    },
    "rejects": {
        "source_name": "varchar", "table_name": "varchar", "path": "varchar", "line_number": "bigint",
        "record_key": "varchar", "reason": "varchar", "severity": "varchar", "payload": "varchar",
        "value_at_risk": "decimal(18, 4)", "load_id": "varchar", "file_id": "bigint", "rule": "varchar",
        "repair_hint": "varchar", "currency": "varchar", "delivered_at": "timestamp", "state": "varchar",
        "closed_at": "timestamp", "closed_by": "varchar",
    },
    "confirmations": {
        "source_name": "varchar", "table_name": "varchar", "record_key": "varchar", "record_hash": "bigint",
        "known_at": "timestamp", "delivered_at": "timestamp", "file_id": "bigint", "line_number": "bigint",
    },
    "settings": {"setting_name": "varchar", "setting_value": "varchar"},
    "schema_drift": {
        "source_name": "varchar", "table_name": "varchar", "path": "varchar", "column_name": "varchar",
        "drift": "varchar",
    },
    "circuits": {"source_name": "varchar", "failures": "bigint", "load_id": "varchar", "reason": "varchar"},
    "engine": {"name": "varchar", "value": "varchar"},
}  # fmt: skip
