"""The only module that replaces files and folders: atomically where possible, so that no reader sees half of one.

New content is written beside its target, under a hidden name that intake skips (`.<name>.<process>.part`), until it is
complete. A process that is killed leaves the old content and at most such a leftover.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o600
RENAME_EXCHANGE = 2
AT_FDCWD = -100


@contextmanager
def replacing(file: Path, *, mode: int | None = None, is_durable: bool = True) -> Iterator[Path]:
    """A path beside `file` for its new content, which replaces the file when the block ends without an error.

    The permissions are `mode`, else those of the file that is replaced. `is_durable` waits until the content would
    survive a power cut; a file that can be copied again need not wait.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    final = mode if mode is not None else _mode(file)
    incoming = _beside(file)
    incoming.unlink(missing_ok=True)
    try:
        yield incoming
        if final is not None:
            incoming.chmod(final)
        if is_durable:
            sync(incoming)
        incoming.replace(file)
        if is_durable:
            sync(file.parent)
    finally:
        incoming.unlink(missing_ok=True)


def left_overs(file: Path) -> list[Path]:
    """What killed processes left beside a file that no process is writing."""
    return sorted(file.parent.glob(f".{file.name}.*.part*"))


def replace_file(file: Path, content: bytes | str, *, mode: int | None = None) -> None:
    """Replace the file's content; readers see the old content or the new content, never a part.

    A text is written as UTF-8. Nobody else can read the new file before it has its permissions (see `replacing`).
    """
    data = content.encode() if isinstance(content, str) else content
    first_mode = 0o666 if mode is None and _mode(file) is None else PRIVATE
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with replacing(file, mode=mode) as incoming, os.fdopen(os.open(incoming, flags, first_mode), "wb") as target:
        target.write(data)


def copy_file(source: Path, target: Path) -> None:
    """Replace `target` with a copy of `source`; the permissions are not copied."""
    with replacing(target, is_durable=False) as incoming:
        shutil.copyfile(source, incoming)


def move_file(source: Path, target: Path) -> None:
    """Replace `target` with a finished file of the same file system."""
    sync(source)
    source.replace(target)
    sync(target.parent)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill, for its owner only, which gets its name when the block ends without an error.

    OSError where a non-empty folder of that name exists already.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    incoming = _beside(folder)
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(mode=0o700)
    try:
        yield incoming
        name_folder(incoming, folder)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def name_folder(incoming: Path, folder: Path) -> None:
    """Give a complete folder its name, once everything in it would survive a power cut."""
    sync_folder(incoming)
    incoming.rename(folder)
    sync(folder.parent)


def swap_folder(incoming: Path, folder: Path) -> None:
    """Replace `folder` with a complete folder; the old one is removed last (see `recover_folder`)."""
    old = _set_aside(folder)
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    incoming.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def recover_folder(folder: Path) -> None:
    """Restore the folder that a process killed during `swap_folder` had set aside."""
    old = _set_aside(folder)
    if old.exists() and not folder.exists():
        old.rename(folder)


def remove_folder(folder: Path, aside: Path) -> None:
    """Rename a folder, then remove it, so that an interrupted removal leaves no folder that looks complete."""
    folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def exchange_folders(first: Path, second: Path, aside: Path) -> None:
    """Exchange two folders in one step, so that a reader always finds the old one or the new one.

    Where the system cannot exchange them, they are renamed by way of `aside`.
    """
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
        if rename(AT_FDCWD, os.fsencode(first), AT_FDCWD, os.fsencode(second), RENAME_EXCHANGE) == 0:
            return
    except (AttributeError, OSError):
        pass
    second.rename(aside)
    first.rename(second)
    aside.rename(first)


def switch_link(link: Path, target: Path, beside: Path) -> None:
    """Point the symlink `link` at a folder in one step, by way of a temporary link `beside`."""
    beside.unlink(missing_ok=True)
    beside.symlink_to(target, target_is_directory=True)
    beside.replace(link)
    sync(link.parent)


def sync(path: Path) -> None:
    """Make a file's content or a folder's entries survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make a folder and everything in it survive a power cut."""
    for path in [*sorted(folder.rglob("*")), folder]:
        sync(path)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _set_aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _mode(file: Path) -> int | None:
    return stat.S_IMODE(file.stat().st_mode) if file.exists() else None
