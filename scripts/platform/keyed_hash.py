"""The project's keyed hash in Python; same result as the dbt macro of that name."""

from __future__ import annotations

import hashlib
import os

KEY_VARIABLE = "SEGMENTATION_HASH_KEY"


def hash_key() -> str:
    """The key of all keyed hashes; the default is only for demo data."""
    return os.environ.get(KEY_VARIABLE, "demo")


def keyed_hash(text: str) -> str:
    """32 hexadecimal digits; the text cannot be recovered without the key."""
    return hashlib.sha256(f"{hash_key()}|{text}".encode()).hexdigest()[:32]
