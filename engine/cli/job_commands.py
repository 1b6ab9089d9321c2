"""The commands that read with a model: `read`, `summarize` and `ask`. Light until one of them runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict, Unpack

import click

from engine.cli.options import (
    INT64,
    CommonCommand,
    FilePath,
    Number,
    Program,
    Words,
    documents_of,
    password_option,
)
from engine.collections.folder import ORDERS, Order
from engine.errors import KnownError
from engine.protocol.commands import Ask, AskCollection, Command, Read, ReadFolder, Summarize
from engine.protocol.vocabulary import LENGTHS, METHODS, REREADS, Length, Method, Reread


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


file_argument = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FilePath())
store_option = click.option(
    "--no-store",
    "store",
    is_flag=True,
    callback=lambda ctx, param, value: not value,
    help="Keep text, summary and answers in memory only.",
)


@click.command("read", cls=CommonCommand, short_help="read files and save what was read")
@file_argument
@click.option("--follow", is_flag=True, help="Keep reading what is added to the FILE or FOLDER, until Ctrl-C.")
@click.option("--collection", metavar="NAME", type=Words(), help="Collection of a FOLDER's files (default: its name).")
@click.option("--ray", "cluster", metavar="auto|ADDRESS", type=Words(), help="Read a FOLDER on a Ray cluster.")
@click.option(
    "--actors", metavar="N", type=click.IntRange(1, 100_000), help="Readers on the cluster (default: one for each GPU)."
)
@click.option("--rows", is_flag=True, help="Let an instruct model add rows (see `table`) from the running text.")
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
    rows: bool,
) -> int:
    """Read each FILE, or what is new in it, and save the state.

    A FOLDER is read into a collection that has its name: all files below it. Unchanged files are not read again.
    """
    if follow and len(files) > 1:
        raise KnownError("--follow takes one file; leave out the others")
    folders = [file for file in files if file.is_dir()]
    if any(value is not None for value in (collection, order, cluster, actors)) and len(folders) < len(files):
        raise KnownError("--collection, --order, --ray and --actors are for folders; leave them out for a file")
    if rows and (folders or follow):
        raise KnownError("--rows is for single files; leave out --follow, and read a folder's files one by one")
    if folders and (len(files) > 1 or password is not None):
        raise KnownError("read one folder at a time, without other files and without --password")
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
        Read(job_id=f"reading-{number}", path=str(file), password=password, follow=follow, rows=rows)
        for number, file in enumerate(files, 1)
    ]
    return _run(program, commands)


@click.command(
    "summarize", cls=CommonCommand, short_help="summarise files, reading what is new in them first (also: summarise)"
)
@file_argument
@click.option("--length", type=click.Choice(LENGTHS), default="page", help="Length (default: page).")
@click.option("--focus", metavar="TOPIC", type=Words(), help="Summarise only what the document says about TOPIC.")
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="auto",
    help="Use the state of the whole document, its sections, or its key sentences (default: auto).",
)
@click.option("--ledger", is_flag=True, help="First list dates, amounts and names with their pages.")
@click.option("--again", is_flag=True, help="Make a new summary even if one of the same kind is saved.")
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
    """Summarise each FILE, or each document of a folder. What is new in it is read first. A saved summary of the same
    kind is shown again."""
    documents = documents_of(files)
    commands = [
        Summarize(job_id=f"summary-{number}", path=str(file), **wishes) for number, file in enumerate(documents, 1)
    ]
    return _run(program, commands, output)


def _require_one_question(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> None:
    """Raise UsageError where a question without quotation marks has come as several arguments."""
    if words and not ctx.resilient_parsing:
        raise click.UsageError('put quotation marks around the question, as in: ask FILE "Who signed?"', ctx)


@click.command("ask", cls=CommonCommand, short_help="ask a question about a file, reading what is new in it first")
@click.argument("file", metavar="[FILE]", type=Words(), required=False)
@click.argument("question", metavar="QUESTION", type=Words(), required=False)
@click.argument("rest", metavar="", nargs=-1, type=Words(), expose_value=False, callback=_require_one_question)
@click.option("--collection", metavar="NAME", type=Words(), help="Ask the documents of this collection, not a FILE.")
@click.option("--after", "parent", metavar="TURN", type=Number(), help="Ask a follow-up to this turn's answer.")
@click.option("--page", metavar="N", type=Number(), help="Use pages 1 to N only.")
@click.option(
    "--reread",
    type=click.Choice(REREADS),
    default="auto",
    help="Read the relevant pages again before answering (default: auto, if the answer is not certain).",
)
@click.option("--seed", metavar="N", type=Number(-INT64), help="Sample the answer; the same N gives the same answer.")
@password_option
@store_option
@click.pass_obj
def ask(
    program: Program,
    file: str | None,
    question: str | None,
    collection: str | None,
    **wishes: Unpack[AskOptions],
) -> int:
    """Answer QUESTION from FILE or from the documents of a collection. Put quotation marks around QUESTION.

    "How many", "list every", "total", "first" and "last" are answered from the tables and lists of the document,
    without a model, if every word of the question is understood.
    """
    if collection is not None and question is None:
        file, question = "", file
    elif collection is not None:
        raise click.UsageError(
            "after --collection NAME give one QUESTION in quotation marks and no FILE", click.get_current_context()
        )
    if file is None or question is None:
        raise click.UsageError("give a FILE and then a QUESTION in quotation marks", click.get_current_context())
    if not os.path.exists(os.path.expanduser(file)) and os.path.isfile(os.path.expanduser(question)):
        raise click.UsageError("the FILE comes first, then the QUESTION", click.get_current_context())
    if not question.strip():
        raise KnownError("the question is empty; write what you want to know")
    if collection is not None:
        refused = (wishes["parent"], wishes["page"], wishes["seed"], wishes["password"])
        if any(value is not None for value in refused) or not wishes["store"]:
            raise KnownError("a collection takes none of --after, --page, --seed, --password and --no-store")
        return _run(program, [AskCollection(job_id="answer", collection=collection, question=question)])
    path = FilePath().convert(file, None, click.get_current_context())
    return _run(program, [Ask(job_id="answer", path=str(path), question=question, **wishes)])


def _run(program: Program, commands: Sequence[Command], output: Path | None = None) -> int:
    from engine.cli.jobs import run_jobs

    return run_jobs(program.options, commands, output)
