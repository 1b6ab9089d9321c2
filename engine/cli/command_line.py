"""The command line: arguments to commands, events to text.

Text on stdout; progress, notices and errors on stderr. Exit status 0; 2 with one line `error: ...` for an error that
the user can fix; 130 on Ctrl-C, with the work so far saved; 1 for a bug. With --json every event is a line on stdout.

Light until a command needs the model: `--help` and `library list` import no torch.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from engine.cli.developer_commands import bench, tour, worker
from engine.cli.failures import guarded
from engine.cli.job_commands import ask, read, summarize
from engine.cli.library_commands import collection, library
from engine.cli.models import models
from engine.cli.options import CommonCommand, FilePath, Layout, Program, Tour, Window, common_options, format_options
from engine.cli.output import prepare_streams
from engine.cli.service import mcp, serve
from engine.cli.text import closest
from engine.cli.text_commands import compare, table, text
from engine.errors import KnownError
from engine.logs import configure_logging

NAME = "readthrough"
ALIASES = {"summarise": "summarize"}
SHELLS = ("bash", "zsh", "fish")
COMPLETION_VARIABLE = "_READTHROUGH_COMPLETE"
EPILOG = f"""\b
Examples:
  {NAME} a.pdf
  {NAME} summarize a.pdf
  {NAME} ask a.pdf "Who signed?"

`{NAME} COMMAND --help` explains a command."""


class Commands(click.Group):
    """The commands; a first argument that is not one of them is a file to open in the window."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return super().get_command(ctx, ALIASES.get(name, name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None:
            if not os.path.exists(os.path.expanduser(args[0])):
                near = closest(args[0], self.list_commands(ctx))
                raise click.UsageError(f"{args[0]} is neither a command nor a file{near}", ctx)
            return "open", open_files, args
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)


def main(
    arguments: Sequence[str] | None = None,
    *,
    window: Window | None = None,
    tour: Tour | None = None,
    layout: Layout | None = None,
) -> int:
    """Run a command line (default: that of the process); returns the exit status.

    window, tour: open the window; layout: makes PDFs. The engine does not import Qt.
    """
    prepare_streams()
    configure_logging("command-line")
    program = Program(window=window, tour=tour, layout=layout)

    def run() -> int:
        given = None if arguments is None else list(arguments)
        status = cli.main(given, prog_name=NAME, standalone_mode=False, obj=program, complete_var=COMPLETION_VARIABLE)
        return status if isinstance(status, int) else 0

    return guarded(run, lambda: program.options.debug)


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version(NAME)
    except PackageNotFoundError:
        found = "(source)"
    click.echo(f"Readthrough {found}")
    ctx.exit()


@click.group(
    cls=Commands,
    invoke_without_command=True,
    params=common_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="[COMMAND | FILE...]",
    epilog=EPILOG,
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Readthrough reads long documents on your own computer, summarises them and answers questions about them.

    Without a command it opens the window, and in it any FILEs that are given.
    """
    if ctx.invoked_subcommand is None:
        ctx.exit(_open_window(ctx.ensure_object(Program), ()))


@click.command("open", cls=CommonCommand, short_help="open files in the window")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=FilePath())
@click.pass_obj
def open_files(program: Program, files: tuple[Path, ...]) -> int:
    """Open the window, and any FILEs in it. The word `open` can be left out."""
    return _open_window(program, files)


@click.command("completion", cls=CommonCommand, short_help="print the script that completes commands in a shell")
@click.argument("shell", metavar="SHELL", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of SHELL: bash, zsh or fish.

    For example: readthrough completion bash >> ~/.bashrc
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, NAME, COMPLETION_VARIABLE).source())


def _open_window(program: Program, files: Sequence[Path]) -> int:
    for file in files:
        if not file.exists():
            raise KnownError(f"there is no file {file}; check the name", "missing")
    if program.window is None:
        raise KnownError("this program has no window; use a command, such as summarize")
    return program.window(program.options, files)


for one in (
    *(open_files, read, summarize, ask, text, table, compare, library, collection),
    *(serve, mcp, models, completion, worker, bench, tour),
):
    cli.add_command(one)
