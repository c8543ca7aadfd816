"""Progress reports of long tasks, and how a command shows them: a bar on a terminal, plain lines elsewhere.

A step is given a `Progress`: it calls it with lines of text and reports its progress with `tell_share`. The command
decides how both are shown, through the `Display` that it passes on.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.platform.errors import CheckFailed, UserError, places

if TYPE_CHECKING:
    from rich.console import Console

Progress = Callable[[str], None]

# Where there is no bar, the progress of a long step is printed this often.
PATIENCE_SECONDS = 30.0
# The outcome of a step is cut to the width of the terminal, or to this many characters elsewhere; the log has it all.
WIDTH = 120
# A log larger than this many bytes is started again.
LARGEST_LOG = 1_000_000


def quiet(_: str) -> None:
    """For steps within a step, whose progress is not shown."""


def tell_share(progress: Progress, done: int, total: int) -> None:
    """Report that `done` of `total` parts of the current work are finished; only a `Display` shows it."""
    if isinstance(progress, Display):
        progress.share(done, total)


class Display:
    """The progress of one command, from `with` to its end.

    A line of text is printed. Within a `step` it is detail: printed if the display is `verbose` or the line is a
    warning, and the last one, the outcome, is printed with the step's name when the step ends. Everything also goes to
    `log`, if given. On a terminal a bar shows the progress of the current step, on `console` if given, else on the
    standard output.
    """

    def __init__(
        self,
        name: str,
        *,
        verbose: bool = False,
        log: Path | None = None,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.verbose = name, verbose
        self._log, self._console, self._clock = log, console, clock
        self._bar: Any = None
        self._task: Any = None
        self._in_step = False
        self._outcome = ""
        self._began = self._spoke = clock()

    @property
    def seconds(self) -> float:
        """How long the command has been running."""
        return self._clock() - self._began

    def __enter__(self) -> Display:
        self._write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC: {self.name}")
        if self._console or _is_terminal():
            self._bar = _new_bar(self._console)
            self._begin(self.name)
            self._bar.start()
        return self

    def __exit__(self, _: object, problem: BaseException | None, __: object) -> None:
        if self._bar:
            # Removes the bar and restores the cursor, also after an interruption.
            self._bar.stop()
            self._bar = None
        if problem:
            self._write(f"stopped: {_kept(problem)}")

    def __call__(self, text: str) -> None:
        self._write(text)
        if not self._in_step:
            self.show(text)
            return
        self._outcome = text
        if self.verbose or text.startswith("warning"):
            self.show(f"  {text}")

    def show(self, text: str) -> None:
        """Print a line without writing it to the log."""
        self._spoke = self._clock()
        if self._bar:
            from rich.text import Text

            self._bar.console.print(Text(text), soft_wrap=True)
        else:
            print(text, flush=True)

    def left_out(self, what: str, problem: Exception) -> str:
        """Note that a part of the step was skipped, and return the reason in one line.

        The log keeps only the place: a message may quote the data.
        """
        self._write(f"{what}: {_kept(problem)}")
        self._outcome = f"{what}; the reason is named at the end"
        return f"{what}: {'; '.join(str(problem).splitlines())}"

    def share(self, done: int, total: int) -> None:
        """Show that `done` of `total` parts of the current step are finished."""
        if self._bar:
            self._bar.update(self._task, completed=done, total=total)
        elif done < total and self._clock() - self._spoke >= PATIENCE_SECONDS:
            self.show(f"{self.name}: {done / total:.0%} ({done:,} of {total:,})")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A part of the command, summarised in one line when it ends."""
        command, began = self.name, self._clock()
        self._in_step, self._outcome = True, ""
        self._begin(name)
        self._write(f"{name}:")
        try:
            yield
        finally:
            self._in_step = False
            self._begin(command)
        if self._outcome:
            outcome = self._outcome.replace(f"{Path.cwd()}/", "")
            width = self._bar.console.width if self._bar else WIDTH
            self.show(_cut(f"{name:<14} {self._clock() - began:6.1f} s  {outcome}", width))

    def _begin(self, name: str) -> None:
        """From now on progress is shown under this name."""
        self.name = name
        if self._bar:
            # A new task: one that is reset would keep the total of the one before.
            for task in self._bar.task_ids:
                self._bar.remove_task(task)
            self._task = self._bar.add_task(name, total=None)

    def _write(self, text: str) -> None:
        """Append to the log, readable by its owner only; reopened each time, as an erasure may replace the file."""
        if self._log is None:
            return
        self._log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        grown = self._log.exists() and self._log.stat().st_size > LARGEST_LOG
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if grown else os.O_APPEND)
        with os.fdopen(os.open(self._log, flags, 0o600), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.writelines(f"[{self.seconds:6.1f} s] {line}\n" for line in text.splitlines())


def _cut(line: str, width: int) -> str:
    """The line, cut to `width`: between words, unless the last word is most of the line, such as a long path."""
    if len(line) <= width:
        return line
    words = line[: width - 1].rsplit(" ", 1)[0]
    return f"{words} …" if len(words) > width // 2 else f"{line[: width - 1]}…"


def _kept(problem: BaseException) -> str:
    """What a log may keep of a problem: its place, and none of the data that its message may quote."""
    if isinstance(problem, UserError | CheckFailed):
        return places(problem)
    return type(problem).__name__


def _is_terminal() -> bool:
    """Whether the output is a terminal on which a line can be redrawn."""
    return sys.stdout.isatty() and os.environ.get("TERM") not in (None, "dumb") and not os.environ.get("CI")


def _new_bar(console: Console | None) -> Any:
    """A bar that names the step and shows the share done and the time left, and disappears at the end."""
    # Imported here: most commands end before it is needed.
    from rich import progress as bars
    from rich.text import Text

    class TimeLeft(bars.ProgressColumn):
        """The time left, or the time elapsed where the time left is not known."""

        def render(self, task: bars.Task) -> Text:
            known = task.time_remaining is not None
            seconds = int((task.time_remaining if known else task.elapsed) or 0)
            return Text(f"{seconds // 60}:{seconds % 60:02d} {'left' if known else 'so far'}")

    return bars.Progress(
        bars.TextColumn("{task.description:<14}", markup=False),
        bars.BarColumn(bar_width=30),
        bars.TaskProgressColumn(),
        TimeLeft(),
        console=console,
        transient=True,
        refresh_per_second=4,
    )
