"""The processes of a Spark cluster end with it, whatever happens; without Spark or Java one line says so.

Programs that only wait stand in for Spark: `make test-spark` starts the real ones.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import quiet
from scripts.platform.spark import cluster as clusters
from scripts.platform.spark.cluster import spark_cluster
from scripts.platform.workspace import PROJECT
from tests.platform.test_rooms import imports_of

# Like a worker: its executor is a child of its own that ignores a polite end.
WAITS = "#!/bin/sh\ntrap '' INT\n(trap '' TERM; exec sleep 300) &\necho $$ >> pids\necho $! >> pids\nexec sleep 300\n"


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Spark whose programs wait, and a Java."""
    home = tmp_path / "pyspark"
    (home / "bin").mkdir(parents=True)
    for name in ("spark-class", "spark-submit"):
        (home / "bin" / name).write_text(WAITS)
        (home / "bin" / name).chmod(0o700)
    monkeypatch.setattr(clusters, "_spark_home", lambda: home)
    monkeypatch.setattr(clusters, "_java", lambda: "/usr/bin/true")
    monkeypatch.setattr(clusters, "_is_open", lambda _: True)
    monkeypatch.setattr(clusters, "_answers", lambda _: True)
    return home


def started(home: Path, number: int = 8) -> list[int]:
    """The processes that were started, once all have been."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = [int(line) for line in (home / "pids").read_text().split()] if (home / "pids").exists() else []
        if len(found) == number:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{number} processes were not started")


def alive(processes: list[int]) -> list[int]:
    """Those that still run; a process that has ended and waits to be reaped does not."""
    return [
        process
        for process in processes
        if Path(f"/proc/{process}/stat").exists()
        and Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    ]


def soon_gone(processes: list[int]) -> bool:
    deadline = time.monotonic() + 10
    while alive(processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(processes)


@pytest.mark.parametrize("problem", [None, ValueError, KeyboardInterrupt, SystemExit])
def test_every_process_ends_with_the_block(stand_in: Path, tmp_path: Path, problem: type[BaseException] | None) -> None:
    home = tmp_path / "cluster"
    try:
        with spark_cluster(home, quiet):
            processes = started(home)
            assert alive(processes) == processes
            if problem:
                raise problem
    except BaseException as raised:
        assert problem is not None and isinstance(raised, problem)
    assert soon_gone(processes)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_every_process(stand_in: Path, tmp_path: Path, number: int) -> None:
    home = tmp_path / "cluster"
    # A shell starts background jobs with Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt), spark_cluster(home, quiet):
        processes = started(home)
        os.kill(os.getpid(), number)
        time.sleep(10)
    assert soon_gone(processes)


def test_the_programs_end_when_their_starter_is_killed(stand_in: Path, tmp_path: Path) -> None:
    home = tmp_path / "cluster"
    code = f"""
import sys, time
sys.path.insert(0, {str(PROJECT)!r})
from pathlib import Path
from scripts.platform.spark import cluster
cluster._spark_home = lambda: Path({str(stand_in)!r})
cluster._java = lambda: "/usr/bin/true"
cluster._is_open = cluster._answers = lambda _: True
with cluster.spark_cluster(Path({str(home)!r})):
    time.sleep(300)
"""
    starter = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    processes = started(home)
    starter.kill()
    starter.wait()
    programs = processes[::2]
    assert soon_gone(programs)
    # Executors notice themselves that their worker is gone; those that stand in for them do not.
    for process in alive(processes):
        os.kill(process, signal.SIGKILL)


def test_a_program_that_stops_early_is_named(stand_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (stand_in / "bin" / "spark-submit").write_text("#!/bin/sh\necho 'out of memory'\nexit 3\n")
    monkeypatch.setattr(clusters, "_answers", lambda _: False)
    home = tmp_path / "cluster"
    message = r"spark: thrift-server stopped while it started; its log is .*\.log"
    with pytest.raises(CheckFailed, match=message), spark_cluster(home, quiet):
        raise AssertionError
    assert "out of memory" in (home / "logs" / "thrift-server.log").read_text()
    assert soon_gone([int(line) for line in (home / "pids").read_text().split()])


def test_a_cluster_that_is_never_ready_is_given_up(
    stand_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "_answers", lambda _: False)
    monkeypatch.setattr(clusters, "START_SECONDS", 1)
    message = "the Thrift server is not ready after 1 s"
    with pytest.raises(CheckFailed, match=message), spark_cluster(tmp_path / "cluster", quiet):
        raise AssertionError
    assert soon_gone([int(line) for line in (tmp_path / "cluster" / "pids").read_text().split()])


def test_without_java_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(UserError, match="java: not found; install Debian's openjdk-17-jre-headless, or set JAVA_HOME"):
        clusters._java()
    (tmp_path / "java").write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    (tmp_path / "java").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(UserError, match=r"Spark needs Java 17 or 21; install Debian's openjdk-17-jre-headless"):
        clusters._java()


def test_no_command_imports_spark() -> None:
    spark = "scripts.platform.spark"
    importers = {module for module, others in imports_of(PROJECT).items() if any(o.startswith(spark) for o in others)}
    assert {module for module in importers if not module.startswith(spark)} == set()
    text = "\n".join(
        file.read_text("utf-8") for file in (PROJECT / "scripts").rglob("*.py") if "spark" not in file.parts
    )
    assert "import pyspark" not in text and "from pyhive" not in text
