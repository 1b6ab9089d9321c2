"""Options and argument types that the commands share. Light."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from engine.cli.output import Output
from engine.logs import configure_logging
from engine.protocol.vocabulary import DEVICES, PRECISIONS, Device, Precision
from engine.user_paths import absolute

INT64 = 2**63 - 1


@dataclass
class Options:
    """The options of every command, as they were given before or after its name."""

    model: Path | None = None
    library: Path | None = None
    quota: int | None = None
    """Bytes; None for the default."""
    device: Device = "auto"
    precision: Precision = "auto"
    as_json: bool = False
    quiet: bool = False
    debug: bool = False

    def chosen(self) -> dict[str, str]:
        """Return model, library, device and precision where they were given: the window's options."""
        names = ("model", "library", "device", "precision")
        return {name: str(value) for name in names if (value := getattr(self, name)) not in (None, "auto")}


Window = Callable[[Options, Sequence[Path]], int]
"""(options, files to open) -> exit status."""
Layout = Callable[[str, str, str], bytes]
"""(suffix, report in Markdown, title) -> bytes of a PDF or an OpenDocument text."""
Tour = Callable[[Path, Path | None, tuple[str, ...]], int]
"""(folder for the pictures, document, questions about it) -> exit status."""


@dataclass
class Program:
    """One run of the command line: its options, and the window, which the engine does not import."""

    options: Options = field(default_factory=Options)
    window: Window | None = None
    tour: Tour | None = None
    layout: Layout | None = None


class Size(click.ParamType[int]):
    """A size as people write it, in bytes: 8G, 1.5 GB, 500M, 1000000."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d{1,30}(?:\.\d{1,30})?)\s*([kmgt]?)i?b?", str(value).strip().lower())
        size = int(float(found[1]) * 1024 ** " kmgt".index(found[2] or " ")) if found else -1
        if not 0 <= size <= INT64:
            self.fail(f"{shortened(value)} is not a size; write it as 8G or 500M", param, ctx)
        return size


class Number(click.ParamType[int]):
    """A whole number from `least` on, that the library can hold."""

    name = "number"

    def __init__(self, least: int = 1) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).strip()
        number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,20}", text) else None
        if number is None or not self._least <= number <= INT64:
            from_least = f" from {self._least}" if self._least > -INT64 else ""
            self.fail(f"{shortened(value)} is not a whole number{from_least}", param, ctx)
        return number


class FilePath(click.ParamType[Path]):
    """The path of a file: absolute, a leading ~ replaced where there is such a user."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        text = os.fspath(value)
        if not text or "\0" in text:
            self.fail("the file name is empty" if not text else "a file name cannot hold a NUL character", param, ctx)
        return absolute(text)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


class ModelPath(FilePath):
    """A model: the path of a folder or a .gguf file, or a name that `readthrough models list` shows."""

    name = "model"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = super().convert(value, param, ctx)
        if path.exists():
            return path
        from engine.models.catalogue import find
        from engine.models.local import LocalModels, resolve

        text = os.fspath(value)
        is_path = os.path.dirname(text) and find(text) is None and LocalModels().find(text) is None
        return path if is_path else resolve(text)


class Words(click.ParamType[str]):
    """A text in valid Unicode. An argument that is not in the terminal's encoding is refused."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if any("\ud800" <= character <= "\udfff" for character in text):
            self.fail(f"{shortened(text)} is not valid text in this terminal's encoding", param, ctx)
        return text


def shortened(value: object) -> str:
    """Return a value as an error message quotes it."""
    text = str(value)
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


password_option = click.option("--password", metavar="WORD", type=Words(), help="Password of an encrypted file.")


def documents_of(files: Sequence[Path]) -> list[Path]:
    """Return the files, with the documents of each folder in its place; stderr names what is not read of a folder."""
    if not any(file.is_dir() for file in files):
        return list(files)
    from engine.documents.folder import with_folders

    documents, notes = with_folders(files)
    for note in notes:
        Output(sys.stderr, required=False).line(note)
    return documents


class CommonOption(click.Option):
    """An option of every command; it is stored in the program's options."""

    def __init__(self, declarations: Sequence[str], **attributes: Any) -> None:
        super().__init__(list(declarations), expose_value=False, callback=_store, **attributes)


def _store(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Note an option that was given: one after the command's name wins over one before it."""
    program = ctx.find_object(Program)
    given = ctx.get_parameter_source(param.name or "") is click.core.ParameterSource.COMMANDLINE
    if program is not None and given and param.name is not None:
        setattr(program.options, param.name, value)
        if param.name == "debug":
            configure_logging("command-line", debug=True)


def common_options() -> list[click.Parameter]:
    """Return the options of every command."""
    return [
        CommonOption(
            ["--model"],
            type=ModelPath(),
            metavar="MODEL",
            help="Model: a name from `models list`, a folder or a .gguf file (default: the included model).",
        ),
        CommonOption(["--library"], type=FilePath(), metavar="FILE", help="Library file (default: your own library)."),
        CommonOption(["--quota"], type=Size(), metavar="SIZE", help="Space limit for saved states (default: 8G)."),
        CommonOption(["--device"], type=click.Choice(DEVICES), help="Device (default: auto)."),
        CommonOption(["--precision"], type=click.Choice(PRECISIONS), help="Precision of the weights (default: auto)."),
        CommonOption(["--json", "as_json"], is_flag=True, help="Print events on stdout, one JSON object a line."),
        CommonOption(["--quiet"], is_flag=True, help="Print no progress."),
        CommonOption(["--debug"], is_flag=True, help="Print log messages and tracebacks on stderr."),
    ]


class CommonCommand(click.Command):
    """A command with the options of every command, listed apart in its help."""

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.params += common_options()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        format_options(self, ctx, formatter)


class ActionCommand(CommonCommand):
    """A command whose first argument is one of `actions`: name -> what it does."""

    def __init__(self, *arguments: Any, actions: dict[str, str], **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self._actions = actions

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Actions"):
            formatter.write_dl(list(self._actions.items()))
        super().format_options(ctx, formatter)


def format_options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write a command's own options, then those of every command."""
    for title, common in (("Options", False), ("Options of every command", True)):
        records = [
            record
            for param in command.get_params(ctx)
            if isinstance(param, click.Option)
            and isinstance(param, CommonOption) is common
            and (record := param.get_help_record(ctx)) is not None
        ]
        if records:
            with formatter.section(title):
                formatter.write_dl(records)
