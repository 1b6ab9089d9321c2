"""The command line: arguments to commands, events to text.

Text on stdout, progress and notices on stderr. Exit 0; 2 with one line `error: ...` for what a user can mend; 130 on
Ctrl-C with the work so far saved; 1 with a traceback only for a bug. With --json every event is one line on stdout.

Light until a command needs the model: `--help` and `library list` import no torch.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

from engine.cli.page_text import add_text_command
from engine.cli.terminal import JsonView, TerminalView, View
from engine.control import Control
from engine.errors import KnownError
from engine.protocol import wire
from engine.protocol.vocabulary import DEVICES, LENGTHS, METHODS, PRECISIONS, REREADS
from engine.protocol.wire import Ask, Command, Event, Read, Summarize
from engine.session.startup import without_collection

EXIT_KNOWN, EXIT_BUG, EXIT_INTERRUPTED = 2, 1, 130
LIBRARY = (
    "ACTION [DOCUMENT]",
    """What is saved.

actions:
  list      every document, what was read of it and how much space its states take
  show      a document's readings, saved states, summaries, questions and answers
  export    its summaries, questions and answers as Markdown; everything with --json
  remove    take a document out of the library; the file itself is not touched
  verify    check every saved state, and drop what is damaged
  compact   give unused space back to the disk""",
)


def run(options: argparse.Namespace) -> int:
    """Carry out a parsed command line; returns the exit status."""
    try:
        return options.run(options)
    except KnownError as error:
        print(f"error: {str(error).rstrip('.')}", file=sys.stderr)
        return EXIT_KNOWN
    except BrokenPipeError:
        # The reader of our output is gone (`| head`): nothing left to say, and nothing to complain about.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


class _Parser(argparse.ArgumentParser):
    """Says a mistake in one line, like every other."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_KNOWN, f"error: {message}; see {self.prog} --help\n")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of a command line; `command` is None for the window. Exits with 2 for what is no command line."""
    parser = _Parser(
        prog="main.py",
        usage="main.py [options] [COMMAND ...]",
        parents=[_common(defaults=True)],
        description="Readthrough reads long documents through, once, on your own machine, and remembers them. "
        "Without a command it opens the window.",
        epilog="`main.py COMMAND --help` explains a command.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", prog="main.py")
    common = _common(defaults=False)

    def command(
        name: str, help: str, run: Callable[[argparse.Namespace], int], arguments: str = "", description: str = ""
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=help,
            usage=f"main.py {name} [options] {arguments}".rstrip(),
            description=description or help[0].upper() + help[1:] + ".",
            parents=[common],
            formatter_class=argparse.RawDescriptionHelpFormatter if description else argparse.HelpFormatter,
        )
        sub.set_defaults(run=run)
        return sub

    summarize = command("summarize", "read a file, or what is new in it, and summarise it", _summarize, "FILE")
    ask = command("ask", "ask a question about a file, which is read first if need be", _ask, "FILE QUESTION")
    read = command("read", "read a file and save what was read", _read, "FILE")
    for sub in (summarize, ask, read):
        sub.add_argument("file", metavar="FILE", help="a PDF, or a text file: .txt .md .log .csv .jsonl .html")
        sub.add_argument("--password", metavar="WORD", help="what opens an encrypted PDF")
    summarize.add_argument(
        "--method",
        choices=METHODS,
        default="auto",
        help="from the state of the whole document, section by section, or as suits its length (default: auto)",
    )
    summarize.add_argument("--length", choices=LENGTHS, default="page", help="how long (default: page)")
    summarize.add_argument("--focus", metavar="TOPIC", help="only what the document says about TOPIC")
    summarize.add_argument("--ledger", action="store_true", help="first list dates, amounts and names with their pages")
    read.add_argument("--follow", action="store_true", help="keep reading what is added to FILE, until Ctrl-C")
    ask.add_argument("question", metavar="QUESTION", help="in your own words, between quotation marks")
    ask.add_argument(
        "--reread",
        choices=REREADS,
        default="auto",
        help="read the pages in question again before answering (default: auto, where the answer is not certain)",
    )
    ask.add_argument("--page", type=int, metavar="N", help="answer from what was known at the end of page N")
    ask.add_argument("--after", type=int, metavar="TURN", help="follow up on this turn, numbered by `library show`")
    ask.add_argument(
        "--seed", type=int, metavar="N", help="draw the answer instead of taking the likeliest; same N, same answer"
    )

    add_text_command(command)

    library = command("library", "list, show, export, remove, verify or compact what is saved", _library, *LIBRARY)
    library.add_argument("action", choices=["list", "show", "export", "remove", "verify", "compact"], metavar="ACTION")
    library.add_argument("document", nargs="?", metavar="DOCUMENT", help="its number, its path or its title")

    bench = commands.add_parser(
        "bench",
        help="measure this program, and peers beside it",
        usage="main.py bench [NAME [options]]",
        description="Measure this program, and peers beside it. Without a name: a list of what there is to measure.",
    )
    bench.set_defaults(run=_bench)
    bench.add_argument("what", nargs="?", metavar="NAME", help="which bench; `main.py bench NAME --help` explains it")
    bench.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)

    command("worker", "speak the worker protocol on stdin and stdout (for the window)", _worker)
    tour = commands.add_parser(
        "tour",
        help="drive the window through its story and save pictures of it",
        usage="main.py tour --out DIR",
        description="Drive the window through its story and save pictures of it.",
    )
    tour.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the pictures")
    return parser.parse_args(arguments)


def _common(*, defaults: bool) -> _Parser:
    """Options that stand before or after the command; only those before it have defaults, or these would win."""
    auto: str = "auto" if defaults else argparse.SUPPRESS
    parser = _Parser(add_help=False, argument_default=None if defaults else argparse.SUPPRESS)
    common = parser.add_argument_group("options of every command")
    common.add_argument(
        "--model", type=Path, metavar="DIR", help="checkpoint folder (default: the demonstration model)"
    )
    common.add_argument("--library", type=Path, metavar="FILE", help="library file (default: your own library)")
    common.add_argument("--quota", type=_bytes, metavar="SIZE", help="what all saved states may take (default: 8G)")
    common.add_argument("--device", choices=DEVICES, default=auto, help="where the model runs")
    common.add_argument("--precision", choices=PRECISIONS, default=auto, help="of the weights")
    off: bool | str = False if defaults else argparse.SUPPRESS
    common.add_argument("--json", action="store_true", default=off, help="events on stdout, one JSON object a line")
    common.add_argument("--quiet", action="store_true", default=off, help="no progress")
    return parser


def _bytes(text: str) -> int:
    """A size as people write it, in bytes: 8G, 1.5 GB, 500M, 1000000."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", text.strip().lower())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it as 8G or 500M")
    return int(float(found[1]) * 1024 ** " kmgt".index(found[2] or " "))


def _read(options: argparse.Namespace) -> int:
    return _job(options, Read(job_id="cli", path=options.file, password=options.password, follow=options.follow))


def _summarize(options: argparse.Namespace) -> int:
    return _job(
        options,
        Summarize(
            job_id="cli",
            path=options.file,
            password=options.password,
            method=options.method,
            focus=options.focus,
            length=options.length,
            ledger=options.ledger,
        ),
    )


def _ask(options: argparse.Namespace) -> int:
    if not options.question.strip():
        raise KnownError("the question is empty; write what you want to know")
    return _job(
        options,
        Ask(
            job_id="cli",
            path=options.file,
            question=options.question,
            password=options.password,
            page=options.page,
            parent=options.after,
            seed=options.seed,
            reread=options.reread,
        ),
    )


def _job(options: argparse.Namespace, command: Command) -> int:
    with without_collection():
        from engine.session.follow import follow as following
        from engine.session.session import open_session

    control = Control()
    previous = signal.signal(signal.SIGINT, lambda *_: _interrupt(control))
    view: View = JsonView(sys.stdout) if options.json else TerminalView(sys.stdout, sys.stderr, quiet=options.quiet)
    try:
        with open_session(options.model, options.library, options.device, options.precision, options.quota) as session:
            if isinstance(command, Read) and command.follow:
                return _show(view, following(session, command, control))
            return _show(view, session.run(command, control))
    finally:
        signal.signal(signal.SIGINT, previous)


def _interrupt(control: Control) -> None:
    """The first Ctrl-C stops at the next chunk and saves; a second one stops at once."""
    if control.cancelled:
        raise KeyboardInterrupt
    control.cancel()


def _show(view: View, events: Iterable[Event]) -> int:
    status = EXIT_BUG
    with view:
        for event in events:
            view.show(event)
            match event:
                case wire.JobFinished():
                    status = 0
                case wire.JobCancelled():
                    status = EXIT_INTERRUPTED
                case wire.JobFailed(kind=kind):
                    status = EXIT_KNOWN if kind == "known" else EXIT_BUG
    return status


def _library(options: argparse.Namespace) -> int:
    from engine.cli.library import run_action

    return run_action(options.action, options.document, options.library, as_json=options.json, quota=options.quota)


def _bench(options: argparse.Namespace) -> int:
    from engine.bench.registry import run_bench

    return run_bench(options.what, options.arguments)


def _worker(options: argparse.Namespace) -> int:
    with without_collection():
        from engine.session.worker import run_worker

    return run_worker(options.model, options.library, options.device, options.precision, options.quota)
