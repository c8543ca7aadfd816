"""The commands of the front door, a module per topic: what a command takes, beside the handler that carries it out.

A new command is a handler `_name(options, world)` and an `add_name(commands)` below it, which `scripts/__main__.py`
calls in the order of `--help`. Handlers import what they call themselves, so that no command waits for another's
libraries. What several commands share is in `options`.
"""
