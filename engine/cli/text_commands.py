"""The commands that show a file's text without a model: `text`, `table` and `compare`. Light until one of them runs."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import CommonCommand, FilePath, Number, Program, Words, documents_of, password_option
from engine.cli.page_text import PageRanges, print_text, print_texts


@click.command("text", cls=CommonCommand, short_help="print the text of a file page by page, as it is read")
@click.argument("file", metavar="FILE", type=FilePath())
@click.option("--pages", type=PageRanges(), metavar="RANGE", help="Print only these pages: 3, 3-7, 12- or 1,4-6.")
@password_option
@click.pass_obj
def text(program: Program, file: Path, pages: list[tuple[int, int]] | None, password: str | None) -> int:
    """Print the text of FILE, or of each document of a folder, page by page, and name what could not be read. No model
    is loaded."""
    if file.is_dir():
        return print_texts(file, documents_of([file]), password, pages, as_json=program.options.as_json)
    return print_text(file, password, pages, as_json=program.options.as_json)


@click.command(
    "table", cls=CommonCommand, short_help="print the tables, lists and labels of a file as rows with their pages"
)
@click.argument("file", metavar="FILE", type=FilePath())
@click.option(
    "--where",
    metavar="CONDITION",
    multiple=True,
    type=Words(),
    help="Print only rows with COLUMN=VALUE; also != < <= > >= and ~ (contains).",
)
@click.option("--number", metavar="N", type=Number(), help="Print only table N.")
@click.option("--csv", "form", flag_value="csv", help="Write one table as CSV; choose it with --number.")
@click.option("--xlsx", "form", flag_value="xlsx", help="Write all tables as sheets of a workbook, with -o FILE.")
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


@click.command("compare", cls=CommonCommand, short_help="show what differs between two files or versions")
@click.argument("old", metavar="OLD", type=FilePath())
@click.argument("new", metavar="[NEW]", required=False, type=FilePath())
@click.pass_obj
def compare(program: Program, old: Path, new: Path | None) -> int:
    """Show the sections of NEW that are changed or new, those of OLD that are gone, and the facts that differ.

    Without NEW: what has changed in the file OLD since the library read it. No model is loaded.
    """
    from engine.cli.compare import print_comparison

    return print_comparison(program.options, old, new)
