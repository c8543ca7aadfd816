"""The one front door: parses the command line, calls one module, prints, and returns the exit code.

Exit codes: 0 success, 1 a check does not hold, 2 wrong use. The commands themselves are in `scripts/commands`.
"""

from __future__ import annotations

import argparse
import os
import sys

import duckdb

from scripts.commands import accounts, benchmark, data, models, people, pipeline, segments
from scripts.commands.options import Commands, Handler
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.world import World

# In the order of --help: from data to audience, then what looks into it.
COMMANDS = (
    pipeline.add_run,
    data.add_setup,
    data.add_demo,
    data.add_intake,
    data.add_validate,
    pipeline.add_build,
    models.add_cluster,
    models.add_discover,
    models.add_fit,
    segments.add_backfill,
    models.add_backtest,
    people.add_match,
    segments.add_request,
    segments.add_approve,
    segments.add_promote,
    segments.add_qa,
    pipeline.add_publish,
    pipeline.add_rollback,
    segments.add_export,
    pipeline.add_report,
    accounts.add_brief,
    people.add_erase,
    accounts.add_explain,
    accounts.add_preview,
    data.add_health,
    people.add_identity,
    benchmark.add_benchmark,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        handler: Handler = options.handler
        handler(options, World.at(options.landing, options.warehouse, options.seeds))
    except (UserError, CheckFailed) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return problem.exit_code
    except duckdb.Error as problem:
        # Such as a full disk: DuckDB rolls back, nothing is half-written.
        print(f"error: the warehouse stopped: {str(problem).splitlines()[0]}; mend this and run again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept, run the same command again to go on", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read the output, such as `head`, has had enough; nothing more may be written, not even at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        print(f"error: {where}{problem.strerror or problem}; mend this and run again", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts",
        description="Customer segments a retailer can trust: from landing files to an approved audience.",
    )
    commands = Commands(parser)
    for add in COMMANDS:
        add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
