"""The commands that the help does not list: `worker` for the window, `bench` and `tour` for developers. Light."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from engine.cli.options import CommonCommand, FilePath, Program, Words
from engine.errors import KnownError


@click.command("worker", cls=CommonCommand, hidden=True)
@click.pass_obj
def worker(program: Program) -> int:
    """Speak the worker protocol on stdin and stdout, for the window."""
    from engine.cli.worker import serve

    return serve(program.options)


@click.command("bench", hidden=True, add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> int:
    """Measure this program, and others beside it; without a name, list what can be measured."""
    if find_spec("engine.bench") is None:
        raise KnownError("the benches come with the source, not with the installed program; run them in a clone")
    registry: Any = import_module("engine.bench.registry")
    name = arguments[0] if arguments and not arguments[0].startswith("-") else None
    return int(registry.run_bench(name, list(arguments[1:] if name else arguments)))


@click.command("tour", cls=CommonCommand, hidden=True)
@click.argument("file", metavar="[FILE]", required=False, type=FilePath())
@click.argument("questions", metavar="[QUESTION]...", nargs=-1, type=Words())
@click.option("--out", type=FilePath(), required=True, metavar="DIR", help="Folder for the pictures.")
@click.pass_obj
def tour(program: Program, out: Path, file: Path | None, questions: tuple[str, ...]) -> int:
    """Drive the window through a newcomer's story on FILE, or on the sample, and save pictures of it."""
    if program.tour is None:
        raise KnownError("this program has no window")
    return program.tour(out, file, questions)
