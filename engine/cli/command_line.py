"""The command line: arguments to commands, events to text.

Text on stdout; progress, notices and errors on stderr. Exit status 0; 2 with one line `error: ...` for an error that
the user can fix; 130 on Ctrl-C, with the work so far saved; 1 for a bug. With --json every event is a line on stdout.

Light until a command needs the model: `--help` and `library list` import no torch.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

from engine.cli.failures import guarded
from engine.cli.models import models
from engine.cli.options import (
    INT64,
    CommonCommand,
    FilePath,
    Layout,
    Program,
    Tour,
    Window,
    Words,
    common_options,
    format_options,
)
from engine.cli.output import Output, prepare_streams
from engine.cli.page_text import PageRanges, print_text, print_texts
from engine.cli.service import mcp, serve
from engine.collections.folder import ORDERS, Order
from engine.errors import KnownError
from engine.logs import configure_logging
from engine.protocol.commands import Ask, AskCollection, Command, Read, ReadFolder, Summarize
from engine.protocol.vocabulary import LENGTHS, METHODS, REREADS, Length, Method, Reread

NAME = "readthrough"
ALIASES = {"summarise": "summarize"}
ACTIONS = ("list", "show", "export", "rename", "tag", "remove", "verify", "compact", "backup", "repair")
COLLECTION_ACTIONS = ("list", "show", "add", "remove")
SHELLS = ("bash", "zsh", "fish")
COMPLETION_VARIABLE = "_READTHROUGH_COMPLETE"


class SummaryOptions(TypedDict):
    """Options of `summarize`, named as the fields of its command."""

    length: Length
    focus: str | None
    method: Method
    ledger: bool
    again: bool
    password: str | None
    store: bool


class AskOptions(TypedDict):
    """Options of `ask`, named as the fields of its command."""

    parent: int | None
    page: int | None
    reread: Reread
    seed: int | None
    password: str | None
    store: bool


class LibraryOptions(TypedDict):
    """Arguments and options of `library` after its document."""

    words: tuple[str, ...]
    output: Path | None
    no_sections: bool
    no_names: bool


class Commands(click.Group):
    """The commands; a first argument that is not one of them is a file to open in the window."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return super().get_command(ctx, ALIASES.get(name, name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None:
            if not os.path.exists(os.path.expanduser(args[0])):
                raise click.UsageError(f"{args[0]} is neither a command nor a file", ctx)
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
    epilog=f"`{NAME} COMMAND --help` explains a command.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Readthrough reads long documents on your own machine, summarises them and answers questions about them.

    Without a command it opens the window, on FILEs where they are given.
    """
    if ctx.invoked_subcommand is None:
        ctx.exit(_open_window(ctx.ensure_object(Program), ()))


def command(
    name: str, *, hidden: bool = False, short_help: str | None = None
) -> Callable[[Callable[..., int | None]], click.Command]:
    """Return a decorator that adds a command with the options of every command."""
    return cli.command(name, cls=CommonCommand, hidden=hidden, short_help=short_help)


file_argument = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FilePath())
password_option = click.option("--password", metavar="WORD", type=Words(), help="Password of an encrypted file.")
store_option = click.option(
    "--no-store",
    "store",
    is_flag=True,
    callback=lambda ctx, param, value: not value,
    help="Store nothing of the file or of the answers.",
)


@command("open", short_help="open files in the window")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=FilePath())
@click.pass_obj
def open_files(program: Program, files: tuple[Path, ...]) -> int:
    """Open the window, and FILEs in it. The word `open` can be left out."""
    return _open_window(program, files)


@command("summarize", short_help="summarise files, reading what is new in them first (also: summarise)")
@file_argument
@click.option("--length", type=click.Choice(LENGTHS), default="page", help="Length (default: page).")
@click.option("--focus", metavar="TOPIC", type=Words(), help="Summarise only what the document says about TOPIC.")
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="auto",
    help="From the state of the whole document, or section by section (default: auto).",
)
@click.option("--ledger", is_flag=True, help="First list dates, amounts and names with their pages.")
@click.option("--again", is_flag=True, help="Write a new summary where there is one of the same kind.")
@click.option("-o", "--output", metavar="FILE", type=FilePath(), help="Write the summary to FILE instead of stdout.")
@password_option
@store_option
@click.pass_obj
def summarize(
    program: Program,
    files: tuple[Path, ...],
    output: Path | None,
    **wishes: Unpack[SummaryOptions],
) -> int:
    """Summarise each FILE, or each document of a folder. What is new in it is read first; a summary that was made
    before is shown again."""
    documents = _documents(files)
    commands = [
        Summarize(job_id=f"summary-{number}", path=str(file), **wishes) for number, file in enumerate(documents, 1)
    ]
    return _run(program, commands, output)


@command("ask", short_help="ask a question about a file, reading what is new in it first")
@click.argument("file", metavar="[FILE]", type=Words())
@click.argument("question", metavar="QUESTION", type=Words(), required=False)
@click.option("--collection", metavar="NAME", type=Words(), help="Ask the documents of this collection, not a FILE.")
@click.option(
    "--after", "parent", metavar="TURN", type=click.IntRange(1, INT64), help="Ask a follow-up to this turn's answer."
)
@click.option("--page", metavar="N", type=click.IntRange(1, INT64), help="Use pages 1 to N only.")
@click.option(
    "--reread",
    type=click.Choice(REREADS),
    default="auto",
    help="Check the pages in question again before answering (default: auto, where the answer is not certain).",
)
@click.option(
    "--seed", metavar="N", type=click.IntRange(-INT64, INT64), help="Sample instead of greedy; same N, same answer."
)
@password_option
@store_option
@click.pass_obj
def ask(
    program: Program,
    file: str,
    question: str | None,
    collection: str | None,
    **wishes: Unpack[AskOptions],
) -> int:
    """Answer QUESTION, which is one argument in quotation marks, from FILE or from the documents of a collection.

    "How many", "list every", "total", "first" and "last" are answered from the tables and lists that were read, without
    a model, where the question is surely understood.
    """
    if collection is not None and question is None:
        file, question = "", file
    elif collection is not None or question is None:
        raise click.UsageError(
            "give a FILE and a QUESTION, or --collection NAME and a QUESTION", click.get_current_context()
        )
    if not question.strip():
        raise KnownError("the question is empty; write what you want to know")
    if collection is not None:
        refused = (wishes["parent"], wishes["page"], wishes["seed"], wishes["password"])
        if any(value is not None for value in refused) or not wishes["store"]:
            raise KnownError("a collection takes none of --after, --page, --seed, --password and --no-store")
        return _run(program, [AskCollection(job_id="answer", collection=collection, question=question)])
    path = FilePath().convert(file, None, click.get_current_context())
    return _run(program, [Ask(job_id="answer", path=str(path), question=question, **wishes)])


@command("read", short_help="read files and save what was read")
@file_argument
@click.option("--follow", is_flag=True, help="Keep reading what is added to the one FILE, or FOLDER, until Ctrl-C.")
@click.option("--collection", metavar="NAME", type=Words(), help="Collection of a FOLDER's files (default: its name).")
@click.option("--ray", "cluster", metavar="auto|ADDRESS", type=Words(), help="Read a FOLDER on a Ray cluster.")
@click.option(
    "--actors", metavar="N", type=click.IntRange(1, 100_000), help="Readers on the cluster (default: a GPU each)."
)
@click.option("--order", type=click.Choice(ORDERS), help="Files of a FOLDER to read first (default: newest).")
@password_option
@click.pass_obj
def read(
    program: Program,
    files: tuple[Path, ...],
    password: str | None,
    collection: str | None,
    order: Order | None,
    cluster: str | None,
    actors: int | None,
    *,
    follow: bool,
) -> int:
    """Read each FILE, or what is new in it, and save the state.

    A FOLDER is read into a collection of its name: all files below it, unchanged ones never twice.
    """
    if follow and len(files) > 1:
        raise KnownError("only one file can be followed at a time")
    folders = [file for file in files if file.is_dir()]
    if any(value is not None for value in (collection, order, cluster, actors)) and len(folders) < len(files):
        raise KnownError("--collection, --order, --ray and --actors are for folders")
    if folders and (len(files) > 1 or password is not None):
        raise KnownError("read one folder at a time, without --password")
    if folders:
        if cluster is not None and follow:
            raise KnownError("a folder is followed on one machine only; leave out --ray or --follow")
        reading = ReadFolder(
            job_id="reading",
            path=str(folders[0]),
            collection=collection,
            order=order or "newest",
            watch=follow,
            cluster=cluster,
            actors=actors,
        )
        return _run(program, [reading])
    commands: list[Command] = [
        Read(job_id=f"reading-{number}", path=str(file), password=password, follow=follow)
        for number, file in enumerate(files, 1)
    ]
    return _run(program, commands)


@command("text", short_help="print the text of a file page by page, as it is read")
@click.argument("file", metavar="FILE", type=FilePath())
@click.option("--pages", type=PageRanges(), metavar="RANGE", help="Print only these pages: 3, 3-7, 12- or 1,4-6.")
@password_option
@click.pass_obj
def text(program: Program, file: Path, pages: list[tuple[int, int]] | None, password: str | None) -> int:
    """Print the text of FILE page by page, with what could not be read; of a folder that of each document. No model is
    loaded."""
    if file.is_dir():
        return print_texts(file, _documents([file]), password, pages, as_json=program.options.as_json)
    return print_text(file, password, pages, as_json=program.options.as_json)


@command("table", short_help="print the tables, lists and labels of a file as rows with their pages")
@click.argument("file", metavar="FILE", type=FilePath())
@click.option(
    "--where",
    metavar="CONDITION",
    multiple=True,
    type=Words(),
    help="Only rows with COLUMN=VALUE; also != < <= > >= and ~ (contains).",
)
@click.option("--number", metavar="N", type=click.IntRange(1, INT64), help="Only table N.")
@click.option("--csv", "form", flag_value="csv", help="Write the one table as CSV.")
@click.option("--xlsx", "form", flag_value="xlsx", help="Write all tables as sheets of the workbook -o FILE.")
@click.option("-o", "--output", metavar="FILE", type=FilePath(), help="Write to FILE instead of stdout.")
@password_option
@click.pass_obj
def table(
    program: Program,
    file: Path,
    where: tuple[str, ...],
    number: int | None,
    form: str | None,
    output: Path | None,
    password: str | None,
) -> int:
    """Print the tables of FILE, each row with its page. No model is loaded.

    A date in a condition is written as 2024-03-12, 2024-03 or 2024: --where "date>=2024-03" --where "Unit=P-835".
    """
    from engine.cli.table import print_table

    return print_table(program.options, file, password, where, number, form, output)


@command("compare", short_help="show what differs between two files, with the pages of both")
@click.argument("old", metavar="OLD", type=FilePath())
@click.argument("new", metavar="NEW", type=FilePath())
@click.pass_obj
def compare(program: Program, old: Path, new: Path) -> int:
    """Show the sections of NEW that are changed or new, those of OLD that are gone, and the facts that differ.

    No model is loaded.
    """
    from engine.cli.compare import print_comparison

    return print_comparison(program.options, old, new)


@command("library", short_help="list, show, export, rename, tag, remove, verify, compact, back up or repair")
@click.argument("action", metavar="ACTION", type=click.Choice(ACTIONS))
@click.argument("document", metavar="[DOCUMENT]", required=False, type=Words())
@click.argument("words", metavar="[TITLE | TAG...]", nargs=-1, type=Words())
@click.option("-o", "--output", metavar="FILE", type=FilePath(), help="export: write FILE, as its suffix says.")
@click.option("--no-sections", is_flag=True, help="export: leave out the section summaries.")
@click.option("--no-names", is_flag=True, help="export: leave out dates, amounts and names.")
@click.pass_obj
def library(program: Program, action: str, document: str | None, **wishes: Unpack[LibraryOptions]) -> int:
    """Show or change what is saved. DOCUMENT is a number, a path or a title; for backup it is the file to write.

    \b
    list      list every document, what was read of it and the space it takes
    show      show a document's readings, saved states, summaries and answers
    export    print its summaries and answers as Markdown, or all with --json; -o writes .md, .docx, .pdf, .odt, .json
    rename    give a document the title TITLE; without one, that of the file
    tag       give a document the tags TAG..., in place of those it has
    remove    remove a document from the library; the file is not touched
    verify    check every saved state, and drop damaged ones
    compact   give unused space back to the disk
    backup    copy the library to a new file
    repair    save what can be read of a damaged library
    """
    from engine.cli.library import LibraryWish, run_action

    wish = LibraryWish(
        document, wishes["words"], wishes["output"], not wishes["no_sections"], not wishes["no_names"], program.layout
    )
    return run_action(action, wish, program.options)


@command("collection", short_help="list, show, add to, take from or remove collections of documents")
@click.argument("action", metavar="ACTION", type=click.Choice(COLLECTION_ACTIONS))
@click.argument("name", metavar="[NAME]", required=False, type=Words())
@click.argument("documents", metavar="[DOCUMENT]...", nargs=-1, type=Words())
@click.pass_obj
def collection(program: Program, action: str, name: str | None, documents: tuple[str, ...]) -> int:
    """Show or change collections. DOCUMENT is a number, a path or a title from `library list`.

    \b
    list      list every collection with its documents and the files that could not be read
    show      show a collection's documents, folders and files with errors
    add       put documents into a collection, which is made if there is none
    remove    take documents out of a collection; without a DOCUMENT remove the collection, not its documents
    """
    from engine.cli.collection import run_action

    return run_action(action, name, documents, program.options)


for group in (serve, mcp, models):
    cli.add_command(group)


@command("completion", short_help="print the script that completes commands in a shell")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of SHELL, for example: readthrough completion bash >> ~/.bashrc"""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, NAME, COMPLETION_VARIABLE).source())


@command("worker", hidden=True)
@click.pass_obj
def worker(program: Program) -> int:
    """Speak the worker protocol on stdin and stdout, for the window."""
    from engine.cli.worker import serve

    return serve(program.options)


@cli.command("bench", hidden=True, add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> int:
    """Measure this program, and others beside it; without a name, list what can be measured."""
    if find_spec("engine.bench") is None:
        raise KnownError("the benches come with the source, not with the installed program; run them in a clone")
    registry: Any = import_module("engine.bench.registry")
    name = arguments[0] if arguments and not arguments[0].startswith("-") else None
    return int(registry.run_bench(name, list(arguments[1:] if name else arguments)))


@command("tour", hidden=True)
@click.argument("file", metavar="[FILE]", required=False, type=FilePath())
@click.argument("questions", metavar="[QUESTION]...", nargs=-1, type=Words())
@click.option("--out", type=FilePath(), required=True, metavar="DIR", help="Folder for the pictures.")
@click.pass_obj
def tour(program: Program, out: Path, file: Path | None, questions: tuple[str, ...]) -> int:
    """Drive the window through a newcomer's story on FILE, or on the sample, and save pictures of it."""
    if program.tour is None:
        raise KnownError("this program has no window")
    return program.tour(out, file, questions)


def _open_window(program: Program, files: Sequence[Path]) -> int:
    for file in files:
        if not file.exists():
            raise KnownError(f"there is no file {file}", "missing")
    if program.window is None:
        raise KnownError("this program has no window")
    return program.window(program.options, files)


def _documents(files: Sequence[Path]) -> list[Path]:
    """Return the files, with the documents of each folder in its place; stderr names what is not read of a folder."""
    if not any(file.is_dir() for file in files):
        return list(files)
    from engine.documents.folder import with_folders

    documents, notes = with_folders(files)
    for note in notes:
        Output(sys.stderr, required=False).line(note)
    return documents


def _run(program: Program, commands: Sequence[Command], output: Path | None = None) -> int:
    from engine.cli.jobs import run_jobs

    return run_jobs(program.options, commands, output)
