"""Parsed dbt projects, shared between test processes.

Parsing takes 15 s of processor time, reading the result 0.3 s. The result is kept under a hash of everything that it
was parsed from; see scripts/platform/dbt.py.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any


class SharedParses(dict[str, Any]):
    """Parsed projects by their key, in this process and in a folder that the other processes read as well."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def __contains__(self, key: object) -> bool:
        file = self.folder / f"{key}.pickle"
        if not super().__contains__(key) and file.exists():
            super().__setitem__(str(key), pickle.loads(file.read_bytes()))
        return super().__contains__(key)

    def __setitem__(self, key: str, manifest: Any) -> None:
        super().__setitem__(key, manifest)
        incoming = self.folder / f".{key}.{os.getpid()}"
        incoming.write_bytes(pickle.dumps(manifest, protocol=pickle.HIGHEST_PROTOCOL))
        incoming.replace(self.folder / f"{key}.pickle")
