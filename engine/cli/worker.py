"""The worker process: `python -m engine.cli.worker [options]`, the options of every command."""

from __future__ import annotations

import io
import sys

import click

from engine.cli.failures import guarded
from engine.cli.options import CommonCommand, Options, Program
from engine.session.startup import prepare_environment, without_collection


def serve(options: Options) -> int:
    """Speak the worker protocol until the input ends; returns the exit status."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        # A line that is not UTF-8 is refused like every other that is not a command, and the worker goes on.
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    with without_collection():
        from engine.session.worker import run_worker

    return run_worker(
        options.model, options.library, options.device, options.precision, options.quota, debug=options.debug
    )


@click.command(cls=CommonCommand)
@click.pass_obj
def worker(program: Program) -> int:
    """Speak the worker protocol on stdin and stdout, for the window."""
    return serve(program.options)


def main() -> int:
    """Run the worker with the options of this process; returns the exit status."""
    prepare_environment()
    program = Program()
    return guarded(lambda: int(worker.main(standalone_mode=False, obj=program)), lambda: program.options.debug)


if __name__ == "__main__":
    sys.exit(main())
