"""Parsed dbt projects, shared between test processes.

Parsing takes 15 s of processor time, reading the result 0.3 s. The result is kept under a hash of everything that it
was parsed from; see scripts/platform/dbt.py. A process that needs what another one is parsing waits for it.
"""

from __future__ import annotations

import fcntl
import os
import pickle
from pathlib import Path
from typing import IO, Any


class SharedParses(dict[str, Any]):
    """Parsed projects by their key, in this process and in a folder that the other processes read as well."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.held: IO[str] | None = None
        folder.mkdir(exist_ok=True)

    def __contains__(self, key: object) -> bool:
        # What this process began to parse and did not finish, because of an error in the project.
        self._release()
        if super().__contains__(key):
            return True
        self.held = (self.folder / f"{key}.lock").open("w")
        fcntl.flock(self.held, fcntl.LOCK_EX)
        file = self.folder / f"{key}.pickle"
        if file.exists():
            super().__setitem__(str(key), pickle.loads(file.read_bytes()))
            self._release()
        return super().__contains__(key)

    def __setitem__(self, key: str, manifest: Any) -> None:
        super().__setitem__(key, manifest)
        incoming = self.folder / f".{key}.{os.getpid()}"
        incoming.write_bytes(pickle.dumps(manifest, protocol=pickle.HIGHEST_PROTOCOL))
        incoming.replace(self.folder / f"{key}.pickle")
        self._release()

    def _release(self) -> None:
        if self.held:
            self.held.close()
            self.held = None
