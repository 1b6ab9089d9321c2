"""Readthrough: reads long documents through, once, on your own machine. `main.py --help` lists what it does."""

from __future__ import annotations

import sys


def main() -> int:
    """The window without a command, the command line with one."""
    from engine import cli

    options = cli.parse(sys.argv[1:])
    if options.command is None:
        from app import application

        return application.run({name: str(value) for name, value in vars(options).items() if value})
    if options.command == "tour":
        from app import tour

        return tour.run(options.out)
    return cli.run(options)


if __name__ == "__main__":
    sys.exit(main())
