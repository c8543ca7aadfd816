"""How a command shows progress: a bar on a terminal, plain lines elsewhere, and everything in the log."""

from __future__ import annotations

import io
import os
import pty
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from scripts.platform import dbt
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.progress import PATIENCE_SECONDS, Display, quiet, tell_share
from scripts.platform.workspace import PROJECT

SHOW_CURSOR = "\x1b[?25h"
# Ctrl-C does not reach what a shell started in the background, nor its children.
WORK = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from scripts.platform.progress import Display, tell_share
with Display("build") as display:
    tell_share(display, 1, 4)
    display("a line")
    time.sleep({pause})
"""


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def on_a_terminal(code: str, columns: int, interrupt: bool = False, **variables: str) -> str:
    """What a terminal of that width receives from a Python program, which `interrupt` stops by Ctrl-C."""
    outside, inside = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "FORCE_COLOR")}
    environment |= {"TERM": "xterm-256color", "COLUMNS": str(columns), **variables}
    program = subprocess.Popen(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, stdin=inside, stdout=inside, stderr=inside
    )
    os.close(inside)
    received = b""
    while True:
        try:
            part = os.read(outside, 4096)
        except OSError:  # Raised on Linux when the other side is closed.
            break
        if not part:
            break
        received += part
        if interrupt and b"25%" in received:
            program.send_signal(signal.SIGINT)
            interrupt = False
    os.close(outside)
    program.wait()
    return received.decode()


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_sees_a_bar_with_step_share_and_time(columns: int) -> None:
    seen = on_a_terminal(WORK.format(pause=0.6), columns)
    assert "build" in seen and "25%" in seen and " so far" in seen
    assert "a line" in seen
    assert seen.rstrip().endswith(SHOW_CURSOR) or SHOW_CURSOR in seen[seen.rindex("25%") :]


def test_ctrl_c_gives_the_cursor_back() -> None:
    seen = on_a_terminal(WORK.format(pause=60), 80, interrupt=True)
    assert "KeyboardInterrupt" in seen
    assert SHOW_CURSOR in seen[: seen.index("Traceback")]


@pytest.mark.parametrize("variables", [{"CI": "true"}, {"TERM": "dumb"}])
def test_neither_ci_nor_a_dumb_terminal_gets_a_bar(variables: dict[str, str]) -> None:
    assert on_a_terminal(WORK.format(pause=0), 80, **variables) == "a line\r\n"


def test_a_pipe_gets_plain_lines() -> None:
    environment = os.environ | {"TERM": "xterm", "FORCE_COLOR": "1"}
    code = WORK.format(pause=0)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "a line\n"


def test_a_line_is_shown_as_it_is() -> None:
    """Neither markup nor emoji codes in a line are interpreted, and no line is wrapped, however narrow the terminal."""
    screen = io.StringIO()
    line = "adoption:category:smile: [bold] of /a/long/folder/with/a/long/name/and/a/file/in/it.csv " * 2
    with Display("fit", console=Console(file=screen, force_terminal=True, width=40)) as display:
        display(line)
    assert line.rstrip() in screen.getvalue()


def test_long_work_reports_now_and_then_where_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Display("build", clock=clock) as display:
        for done in range(1, 201):
            clock.now += 1
            tell_share(display, done, 200)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"build: 15% ({PATIENCE_SECONDS:.0f} of 200)"
    assert len(lines) == 6


def test_only_a_display_receives_the_share() -> None:
    received: list[str] = []
    tell_share(received.append, 1, 2)
    tell_share(quiet, 1, 2)
    assert received == []


def test_a_step_is_one_line_and_the_log_has_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, clock = tmp_path / "logs" / "run.log", Clock()
    with Display("run", log=log, clock=clock) as display:
        with display.step("Intake"):
            display("pos: 3 files")
            display("warning: the key is public")
            clock.now += 2.5
            display("4 files in all")
        with display.step("Erasures"):
            pass
        display("the end")
    assert capsys.readouterr().out.splitlines() == [
        "  warning: the key is public",
        "Intake            2.5 s  4 files in all",
        "the end",
    ]
    kept = log.read_text(encoding="utf-8")
    for text in ("Intake:", "pos: 3 files", "warning: the key is public", "4 files in all", "the end"):
        assert f"] {text}\n" in kept
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_long_outcome_is_shortened_on_the_screen_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, outcome = tmp_path / "run.log", "recency alone is as good " * 20
    with Display("run", log=log) as display, display.step("Model churn"):
        display(outcome)
    (line,) = capsys.readouterr().out.splitlines()
    assert len(line) <= 120
    assert line.endswith(" …")
    assert outcome in log.read_text(encoding="utf-8")


def test_verbose_prints_the_detail(capsys: pytest.CaptureFixture[str]) -> None:
    with Display("run", verbose=True) as display, display.step("Intake"):
        display("pos: 3 files")
        display("4 files in all")
    assert capsys.readouterr().out.splitlines()[:2] == ["  pos: 3 files", "  4 files in all"]


def test_a_log_is_private_and_does_not_grow_forever(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text("x" * 1_000_001, encoding="utf-8")
    log.chmod(0o644)
    with Display("run", log=log) as display:
        display("a line")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert log.stat().st_size < 1000
    assert "a line" in log.read_text(encoding="utf-8")


def test_the_log_quotes_no_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A message may quote the failing row; the log keeps only the place, also for what stops the command."""
    log = tmp_path / "run.log"
    fault = CheckFailed("pii_contacts: not_null email: 1 failure, such as ann@example.com\norders: 2 failures")
    why = ""
    with pytest.raises(UserError), Display("run", log=log) as display:
        with display.step("Clusters"):
            why = display.left_out("no clusters", fault)
        raise UserError("crm.csv: line 3 holds bob@example.com")
    kept = log.read_text(encoding="utf-8")
    assert "ann@example.com" in why
    assert "\n" not in why
    assert "example.com" not in kept
    assert "no clusters: pii_contacts; orders" in kept
    assert "stopped: crm.csv" in kept


def event(name: str, **data: object) -> SimpleNamespace:
    return SimpleNamespace(info=SimpleNamespace(name=name), data=SimpleNamespace(**data))


def finished(node: str, seconds: float) -> SimpleNamespace:
    return event(
        "NodeFinished",
        node_info=SimpleNamespace(node_name=node),
        run_result=SimpleNamespace(execution_time=seconds),
    )


def test_a_build_reports_its_share_and_its_slow_nodes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shares: list[tuple[int, int]] = []
    monkeypatch.setattr(Display, "share", lambda self, done, total: shares.append((done, total)))
    counter = dbt._Counter(Display("build"))
    for one in (event("MainReportVersion"), event("ConcurrencyLine", node_count=3), finished("orders", 0.2)):
        counter(one)
    counter(finished("customers", 41.4))
    assert shares == [(1, 3), (2, 3)]
    assert capsys.readouterr().out == "customers took 41 s\n"


def test_an_interrupted_build_is_not_a_failed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """dbt returns a result even then; a run would treat it as the failure of an optional step, and continue."""
    from dbt.cli.main import dbtRunner, dbtRunnerResult

    stopped = dbtRunnerResult(success=False, exception=KeyboardInterrupt())
    monkeypatch.setattr(dbtRunner, "invoke", lambda self, command: stopped)
    with pytest.raises(KeyboardInterrupt):
        dbt._invoke(["build"])


def test_reporting_costs_next_to_nothing() -> None:
    """A build reports its share a thousand times: in less than half a second in total, even with a bar."""
    with Display("build", console=Console(file=io.StringIO(), force_terminal=True)) as display:
        began = time.process_time()
        for done in range(1000):
            tell_share(display, done, 1000)
        assert time.process_time() - began < 0.5


def test_a_long_path_is_shortened_in_the_middle_and_a_local_one_is_relative(capsys: pytest.CaptureFixture[str]) -> None:
    with Display("run") as display:
        with display.step("Export"):
            display(f"/{'long/' * 40}audience.csv: 6 of 6 members")
        with display.step("Report"):
            display(f"report on 2026-06-30-001: {Path.cwd()}/data/report.html")
    first, second = capsys.readouterr().out.splitlines()
    assert len(first) <= 120
    assert first.endswith("…")
    assert "/long/long" in first
    assert second.endswith("report on 2026-06-30-001: data/report.html")
