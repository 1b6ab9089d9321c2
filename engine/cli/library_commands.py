"""The commands about what is saved: `library` and `collection`. Light until one of them runs."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict, Unpack

import click

from engine.cli.options import ActionCommand, FilePath, Program, Words

ACTIONS = {
    "list": "list all documents, with the pages read and the space they take",
    "show": "show a document's readings, saved states, summaries and answers",
    "export": "print a document's summaries and answers as Markdown, or everything with --json; with -o FILE write "
    ".md, .docx, .pdf, .odt or .json",
    "rename": "give a document the title TITLE; without one, the title in the file",
    "tag": "replace a document's tags by TAG...; without any, remove its tags",
    "remove": "remove a document from the library; the file itself is kept",
    "verify": "check every saved state, and delete damaged ones",
    "compact": "give unused space back to the disk",
    "backup": "copy the library to a new file",
    "repair": "save what can be read of a damaged library",
}
COLLECTION_ACTIONS = {
    "list": "list all collections, with the numbers of documents and of files that could not be read",
    "show": "show a collection's documents, its folders, and the files that could not be read",
    "add": "add documents to a collection; a new one is made if needed",
    "remove": "take documents out of a collection; without DOCUMENT, remove the collection and keep its documents",
}


class LibraryOptions(TypedDict):
    """Arguments and options of `library` after its document."""

    words: tuple[str, ...]
    output: Path | None
    no_sections: bool
    no_names: bool


@click.command(
    "library",
    cls=ActionCommand,
    actions=ACTIONS,
    short_help="list, show, export, rename, tag, remove, verify, compact, back up or repair",
)
@click.argument("action", metavar="ACTION", type=click.Choice(ACTIONS))
@click.argument("document", metavar="[DOCUMENT]", required=False, type=Words())
@click.argument("words", metavar="[TITLE | TAG...]", nargs=-1, type=Words())
@click.option("-o", "--output", metavar="FILE", type=FilePath(), help="export: write FILE in the format of its suffix.")
@click.option("--no-sections", is_flag=True, help="export: leave out the section summaries.")
@click.option("--no-names", is_flag=True, help="export: leave out dates, amounts and names.")
@click.pass_obj
def library(program: Program, action: str, document: str | None, **wishes: Unpack[LibraryOptions]) -> int:
    """Show or change what is saved. DOCUMENT is a number, a path or a title; for backup it is the file to write."""
    from engine.cli.library import LibraryWish, run_action

    wish = LibraryWish(
        document, wishes["words"], wishes["output"], not wishes["no_sections"], not wishes["no_names"], program.layout
    )
    return run_action(action, wish, program.options)


@click.command(
    "collection",
    cls=ActionCommand,
    actions=COLLECTION_ACTIONS,
    short_help="list, show, change or remove collections of documents",
)
@click.argument("action", metavar="ACTION", type=click.Choice(COLLECTION_ACTIONS))
@click.argument("name", metavar="[NAME]", required=False, type=Words())
@click.argument("documents", metavar="[DOCUMENT]...", nargs=-1, type=Words())
@click.pass_obj
def collection(program: Program, action: str, name: str | None, documents: tuple[str, ...]) -> int:
    """Show or change collections. DOCUMENT is a number, a path or a title from `library list`."""
    from engine.cli.collection import run_action

    return run_action(action, name, documents, program.options)
