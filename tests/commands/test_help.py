"""Help and usage errors: the list of commands, and the reply to a word that is not in it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scripts.__main__ import COMMANDS, all_commands, main
from scripts.commands import accounts, benchmark, data, models, people, pipeline, segments
from scripts.platform.workspace import PROJECT

MODULES = (accounts, benchmark, data, models, people, pipeline, segments)


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[object, str, list[str]]:
    """Exit code, standard output and lines of error output of a command line that is refused or asks for help."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    output = capsys.readouterr()
    return stopped.value.code, output.out, output.err.splitlines()


def test_help_lists_every_command_once_under_its_job(capsys: pytest.CaptureFixture[str]) -> None:
    declared = [
        function
        for module in MODULES
        for name, function in vars(module).items()
        if name.startswith("add_") and function.__module__ == module.__name__
    ]
    listed = [add for adds in COMMANDS.values() for add in adds]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(declared)
    code, text, errors = refused(["--help"], capsys)
    assert (code, errors) == (0, [])
    lines = text.splitlines()
    for job in COMMANDS:
        assert lines.count(job) == 1
    commands = [line.split()[0] for line in lines if line.startswith("  ")]
    assert commands == [add.__name__.removeprefix("add_").replace("_", "-") for add in listed]
    assert max(map(len, lines)) <= 80


def test_every_command_helps_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for name in all_commands().parsers:
        code, text, _ = refused([name, "--help"], capsys)
        assert code == 0
        assert f"example: python -m scripts {name}" in text


def test_no_command_prints_the_list_and_what_to_try_first(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, errors = refused([], capsys)
    assert code == 2
    assert text.strip() == all_commands().help()
    assert errors == ["error: no command given; try `python -m scripts run` first"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["explian"], "unknown command `explian`; did you mean `explain`?"),
        (["prev"], "unknown command `prev`; did you mean `preview`?"),
        (["ben"], "unknown command `ben`; did you mean `benchmark`?"),
        (["xyzzy"], "unknown command `xyzzy`; `python -m scripts --help` lists them"),
        (["explain", "--custmer", "a"], "unknown option `--custmer`; did you mean `--customer`?"),
        (["build", "--as_of=2026-06-30"], "unknown option `--as_of`; did you mean `--as-of`?"),
        (["intake", "--xyzzy"], "unknown option `--xyzzy`; `python -m scripts intake --help` lists them"),
        (["--customers", "5"], "name the command first"),
        (["build", "--as-of", "30.6.2026"], "'30.6.2026' is not a date; use YYYY-MM-DD"),
        (["demo", "--customers", "many"], "'many' is not a whole number; write one such as 10"),
        (["explain"], "required: --customer; `python -m scripts explain --help`"),
        (["fit", "chrun"], "invalid choice: 'chrun'"),
    ],
)
def test_a_wrong_word_gets_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, errors = refused(arguments, capsys)
    assert (code, text, len(errors)) == (2, "", 1)
    assert errors[0].startswith("error: ")
    assert message in errors[0]


def test_an_abbreviated_option_and_text_after_two_dashes_are_accepted() -> None:
    options = all_commands().parse(["request", "--into", "--", "--customers who ordered twice"])
    assert options.into_library
    assert options.text == "--customers who ordered twice"


def test_help_loads_no_heavy_library() -> None:
    """Libraries that only some commands need are imported by those commands."""
    heavy = "{'rich', 'dbt', 'pandas', 'sklearn', 'splink'} & set(sys.modules)"
    code = f"import sys, scripts.__main__ as front; front.all_commands().help(); print({heavy} or 'none')"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"
