"""The commands `serve` and `mcp`. They need the extra `[serve]`. Light until one of them runs."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import click

from engine.cli.options import CommonCommand, FilePath, Options, Program, Size, Words
from engine.errors import KnownError
from engine.logs import configure_logging
from engine.resources import resource_path


@click.command("serve", cls=CommonCommand, short_help="answer programs over HTTP, in the form of OpenAI's API")
@click.option("--port", type=click.IntRange(0, 65_535), metavar="N", help="Port (default: 8377; 0: any free one).")
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    type=Words(),
    help="Address (default: 127.0.0.1).",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    type=Words(),
    help="Another name of this machine; can be repeated.",
)
@click.option(
    "--token-file", type=FilePath(), metavar="FILE", help="File that holds the token (default: beside the library)."
)
@click.option("--no-token", is_flag=True, help="Let every program on this machine in, without a token.")
@click.option("--rate", type=click.FloatRange(1, 100_000), metavar="N", help="Requests per second (default: 100).")
@click.option(
    "--waiting", type=click.IntRange(1, 10_000), metavar="N", help="Jobs that may wait or run (default: 100)."
)
@click.option("--upload", type=Size(), metavar="SIZE", help="Size limit of an uploaded file (default: 1G).")
@click.pass_obj
def serve(
    program: Program,
    port: int | None,
    host: str,
    names: tuple[str, ...],
    token_file: Path | None,
    no_token: bool,
    rate: float | None,
    waiting: int | None,
    upload: int | None,
) -> int:
    """Serve the library's documents over HTTP until Ctrl-C.

    The service uses the model and the library of the options below. While it runs, the window can open the same library
    for reading only.
    """
    _require("starlette", "uvicorn", "python_multipart")
    from engine.service.server import Wishes
    from engine.service.server import serve as run

    configure_logging("service", program.options.debug)
    chosen = {"port": port, "rate": rate, "waiting": waiting, "upload": upload, "token_file": token_file}
    given = {name: value for name, value in chosen.items() if value is not None}
    wishes = Wishes(host=host, names=tuple(n.lower() for n in names), with_token=not no_token, **given)  # type: ignore[arg-type]
    options = program.options
    return run(_worker_command(options), options.library, _checkpoint(options), _version(), wishes, _tell)


@click.command("mcp", cls=CommonCommand, short_help="serve one MCP client on stdin and stdout")
@click.pass_obj
def mcp(program: Program) -> int:
    """Serve one MCP client on stdin and stdout: the tools documents, read, ask, summary, digest, table and pages."""
    _require("mcp")
    from engine.service.mcp_server import run_mcp

    configure_logging("service", program.options.debug)
    options = program.options
    return run_mcp(_worker_command(options), options.library, _version())


def _require(*modules: str) -> None:
    """Raise KnownError where a package of the extra is missing."""
    if any(find_spec(module) is None for module in modules):
        raise KnownError("this command needs further packages; install them with: pip install 'readthrough[serve]'")


def _worker_command(options: Options) -> list[str]:
    """Return the command line of the worker: this interpreter, the worker's module, and the common options."""
    command = [sys.executable, "-P", "-m", "engine.cli.worker"]
    for option, value in (
        ("--model", options.model),
        ("--library", options.library),
        ("--quota", options.quota),
        ("--device", options.device),
        ("--precision", options.precision),
    ):
        if value not in (None, "auto"):
            command += [option, str(value)]
    return command + ["--debug"] * options.debug


def _checkpoint(options: Options) -> str:
    return (options.model or resource_path("models/demo")).name


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _version() -> str:
    try:
        return version("readthrough")
    except PackageNotFoundError:
        return "source"
