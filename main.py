"""Readthrough: reads long documents through, once, on your own machine. `main.py --help` lists what it does."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """The window without a command, the command line with one."""
    # torch's OpenMP threads would spin for a while after every product and take a processor from the compiled kernels'
    # threads, and from other programs; OpenMP reads this when torch is imported.
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    from engine.cli import command_line

    options = command_line.parse(sys.argv[1:])
    if options.command is None:
        from app.window import application

        return application.run({name: str(value) for name, value in vars(options).items() if value})
    if options.command == "tour":
        from app.window import tour

        return tour.run(options.out)
    return command_line.run(options)


if __name__ == "__main__":
    sys.exit(main())
