"""Command-line entry point: parses the arguments, calls one module, prints, and returns the exit code.

Exit codes: 0 success, 1 a failed check, 2 incorrect use. The commands themselves are in `scripts/commands`.
"""

from __future__ import annotations

import os
import sys

import duckdb

from scripts.commands import accounts, benchmark, data, models, people, pipeline, segments
from scripts.commands.options import Commands, Handler
from scripts.platform.build_record import whole_build
from scripts.platform.errors import CheckFailed, UserError
from scripts.platform.workspace import Workspace

# Order of --help and the docs: by job, and within a job in the order of work.
COMMANDS = {
    "Running": (
        pipeline.add_run,
        pipeline.add_setup,
        pipeline.add_build,
        pipeline.add_refresh_segments,
        pipeline.add_import_marts,
        pipeline.add_publish,
        pipeline.add_report,
        pipeline.add_health,
        pipeline.add_rollback,
        benchmark.add_benchmark,
    ),
    "Data": (
        data.add_demo,
        data.add_scaffold,
        data.add_intake,
        data.add_validate,
    ),
    "People": (
        people.add_identity,
        people.add_match,
        people.add_erase,
    ),
    "Segments": (
        segments.add_request,
        accounts.add_preview,
        segments.add_promote,
        segments.add_approve,
        segments.add_approvers,
        segments.add_qa,
        segments.add_export,
        accounts.add_explain,
        accounts.add_brief,
        segments.add_backfill,
    ),
    "Models": (
        models.add_fit,
        models.add_backtest,
        models.add_cluster,
        models.add_discover,
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    options = all_commands().parse(given)
    try:
        handler: Handler = options.handler
        workspace = Workspace.at(options.landing, options.warehouse, options.seeds)
        if options.learns:
            whole_build(workspace, to_learn=True)
        handler(options, workspace)
    except (UserError, CheckFailed) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return problem.exit_code
    except duckdb.Error as problem:
        # For example a full disk: DuckDB rolls back, nothing is half-written.
        reason = str(problem).splitlines()[0]
        print(f"error: the database engine stopped: {reason}; fix this, then run it again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: finished work is kept; run the same command again to continue", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader, such as `head`, closed the pipe; nothing more may be written, not even at interpreter exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        print(f"error: {where}{problem.strerror or problem}; fix this, then run it again", file=sys.stderr)
        return 1
    return 0


def all_commands() -> Commands:
    """Every command, under its job."""
    commands = Commands()
    for job, adds in COMMANDS.items():
        commands.begin(job)
        for add in adds:
            add(commands)
    return commands


if __name__ == "__main__":
    sys.exit(main())
