"""The commands, one module per topic: each command's options, beside the handler that carries it out.

A new command is a handler `_name(options, workspace)` and an `add_name(commands)` below it, which `COMMANDS` in
`scripts/__main__.py` lists under its job, in the order of `--help` and the docs. Handlers do their
own imports, so that no command waits for another's libraries, and pass a `Display` to long-running work. What several
commands share is in `options`.
"""
