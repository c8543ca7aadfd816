"""Replacing a file or a folder leaves the old content or the new one, whenever it is interrupted."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.platform.files import (
    PRIVATE,
    copy_file,
    exchange_folders,
    left_overs,
    new_folder,
    recover_folder,
    replace_file,
    replacing,
    swap_folder,
    switch_link,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_replaced_atomically_and_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "file.csv"
    replace_file(file, b"old")
    file.chmod(0o640)
    replace_file(file, "new £")
    assert file.read_bytes() == "new £".encode()
    assert mode(file) == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["file.csv"]


def test_a_private_file_is_private_before_it_has_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    fdopen = os.fdopen

    def spy(descriptor: int, how: str) -> object:
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return fdopen(descriptor, how)

    monkeypatch.setattr(os, "fdopen", spy)
    file = tmp_path / "file"
    replace_file(file, b"secret", mode=PRIVATE)
    replace_file(file, b"still secret")
    assert seen == [PRIVATE, PRIVATE]
    assert mode(file) == PRIVATE


def test_an_error_while_writing_leaves_only_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    def half_write() -> None:
        with replacing(file) as incoming:
            incoming.write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half_write()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("what", ["replacing", "new_folder"])
def test_a_killed_process_leaves_the_old_content(tmp_path: Path, what: str) -> None:
    target = tmp_path / "target"
    if what == "replacing":
        target.write_text("old")
    code = (
        f"import os, signal; from pathlib import Path; from scripts.platform.files import {what}\n"
        f"with {what}(Path({str(target)!r})) as incoming:\n"
        "    (incoming / 'part' if incoming.is_dir() else incoming).write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    if what == "replacing":
        assert target.read_text() == "old"
    else:
        assert not target.exists()
    # Hidden, so that it is not read as content, and found again by the one process that may write the target.
    (remainder,) = left_overs(target)
    assert remainder.name.startswith(".target.")
    assert remainder.name.endswith(".part")


def test_a_copy_keeps_the_permissions_of_its_target(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_text("content")
    source.chmod(0o755)
    target.touch(0o600)
    copy_file(source, target)
    assert target.read_text() == "content"
    assert mode(target) == 0o600


def test_a_folder_appears_complete_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    with new_folder(tmp_path / "folder") as incoming:
        (incoming / "file").write_text("content")
        assert not (tmp_path / "folder").exists()
    assert (tmp_path / "folder" / "file").read_text() == "content"
    assert mode(tmp_path / "folder") == 0o700
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_folder_with_content_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("old")
    with pytest.raises(OSError), new_folder(tmp_path / "folder") as incoming:
        (incoming / "file").write_text("new")
    assert (tmp_path / "folder" / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.fixture
def two_folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    return tmp_path / "first", tmp_path / "second"


def test_a_swap_removes_the_old_folder(two_folders: tuple[Path, Path]) -> None:
    first, second = two_folders
    swap_folder(second, first)
    assert (first / "file").read_text() == "second"
    assert [path.name for path in first.parent.iterdir()] == ["first"]


def test_an_interrupted_swap_is_recovered(two_folders: tuple[Path, Path]) -> None:
    first, second = two_folders
    first.rename(first.with_name(".first.old"))
    recover_folder(first)
    recover_folder(second)
    assert (first / "file").read_text() == "first"
    assert (second / "file").read_text() == "second"


@pytest.mark.parametrize("is_atomic", [True, False])
def test_folders_are_exchanged(
    two_folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, is_atomic: bool
) -> None:
    first, second = two_folders
    if not is_atomic:
        monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: object())
    exchange_folders(first, second, first.with_name("aside"))
    assert [(folder / "file").read_text() for folder in two_folders] == ["second", "first"]
    assert not first.with_name("aside").exists()


def test_a_link_is_switched(two_folders: tuple[Path, Path], tmp_path: Path) -> None:
    link = tmp_path / "link"
    for folder in two_folders:
        switch_link(link, Path(folder.name), tmp_path / ".link")
        assert link.resolve() == folder
    assert not (tmp_path / ".link").exists()
