"""The commands of the front door, a module per topic: what a command takes, beside the handler that carries it out.

A new command is a handler `_name(options, workspace)` and an `add_name(commands)` below it, which `COMMANDS` in
`scripts/__main__.py` lists under its job, in the order of `--help` and the docs. Handlers import what they call
themselves, so that no command waits for another's libraries, and pass a `Display` to what takes long. What several
commands share is in `options`.
"""
