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

from engine import messages
from engine.control import Control
from engine.errors import KnownError
from engine.messages import Ask, Command, Event, Read, Summarize
from engine.startup import without_collection
from engine.terminal import JsonView, TerminalView, View

EXIT_KNOWN, EXIT_BUG, EXIT_INTERRUPTED = 2, 1, 130


def run(options: argparse.Namespace) -> int:
    """Carry out a parsed command line; returns the exit status."""
    try:
        return options.run(options)
    except KnownError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_KNOWN
    except BrokenPipeError:
        # The reader of our output is gone (`| head`): nothing left to say, and nothing to complain about.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of a command line; `command` is None for the window. Exits with 2 for what is no command line."""
    parser = argparse.ArgumentParser(
        prog="main.py",
        parents=[_common(defaults=True)],
        description="Readthrough reads long documents through, once, on your own machine, and remembers them. "
        "Without a command it opens the window.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    common = _common(defaults=False)

    def command(name: str, help: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".", parents=[common])
        sub.set_defaults(run=run)
        return sub

    summarize = command("summarize", "read a file and summarise it", _summarize)
    ask = command("ask", "ask a question about a file", _ask)
    read = command("read", "read a file and save what was read", _read)
    for sub in (summarize, ask, read):
        sub.add_argument("file", metavar="FILE", help="a PDF, or a text file: .txt .md .log .csv .jsonl .html")
        sub.add_argument("--password", help="of an encrypted PDF")
    summarize.add_argument(
        "--method", choices=messages.METHODS, default="auto", help="how: from the whole, by sections"
    )
    summarize.add_argument("--length", choices=messages.LENGTHS, default="page", help="how long (default: page)")
    summarize.add_argument("--focus", metavar="TOPIC", help="summarise what the document says about TOPIC")
    summarize.add_argument("--ledger", action="store_true", help="first list dates, amounts and names with their pages")
    read.add_argument("--follow", action="store_true", help="keep reading what is added to FILE, until Ctrl-C")
    ask.add_argument("question")
    ask.add_argument(
        "--reread", choices=["auto", "always", "never"], default="auto", help="read the evidence pages a second time"
    )
    ask.add_argument("--page", type=int, metavar="N", help="answer from the state as it stood at the end of page N")
    ask.add_argument("--after", type=int, metavar="TURN", help="ask as a follow-up to this turn (see `library show`)")
    ask.add_argument(
        "--seed", type=int, metavar="N", help="another answer than the likeliest; the same N, the same one"
    )

    library = command("library", "list, show, export, remove, verify or compact what is saved", _library)
    library.add_argument("action", choices=["list", "show", "export", "remove", "verify", "compact"])
    library.add_argument("document", nargs="?", help="its number, path or title, for show, export and remove")

    bench = commands.add_parser("bench", help="measure this program, and peers beside it")
    bench.set_defaults(run=_bench)
    bench.add_argument("what", nargs="?", help="which bench; without a name, a list")
    bench.add_argument("arguments", nargs=argparse.REMAINDER, help="its own options")

    command("worker", "speak the worker protocol on stdin and stdout (for the window)", _worker)
    tour = commands.add_parser("tour", help="drive the window through its story and save pictures of it")
    tour.add_argument("--out", type=Path, required=True, metavar="DIR")
    return parser.parse_args(arguments)


def _common(*, defaults: bool) -> argparse.ArgumentParser:
    """Options that stand before or after the command; only those before it have defaults, or these would win."""
    auto: str = "auto" if defaults else argparse.SUPPRESS
    common = argparse.ArgumentParser(add_help=False, argument_default=None if defaults else argparse.SUPPRESS)
    common.add_argument("--model", type=Path, metavar="DIR", help="checkpoint folder (default: the demo model)")
    common.add_argument("--library", type=Path, metavar="FILE", help="library file (default: your own library)")
    common.add_argument("--quota", type=_bytes, metavar="SIZE", help="for all saved states: 8G (default), 500M")
    common.add_argument("--device", choices=["auto", "cpu", "cuda"], default=auto)
    precisions = ["auto", "fp32", "bf16", "int8", "int4"]
    common.add_argument("--precision", choices=precisions, default=auto, help="of the weights")
    off: bool | str = False if defaults else argparse.SUPPRESS
    common.add_argument("--json", action="store_true", default=off, help="events on stdout, one JSON object a line")
    common.add_argument("--quiet", action="store_true", default=off, help="no progress")
    return common


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
        from engine.follow import follow as following
        from engine.session import open_session

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
                case messages.JobFinished():
                    status = 0
                case messages.JobCancelled():
                    status = EXIT_INTERRUPTED
                case messages.JobFailed(kind=kind):
                    status = EXIT_KNOWN if kind == "known" else EXIT_BUG
    return status


def _library(options: argparse.Namespace) -> int:
    from engine.library_commands import run_action

    return run_action(options.action, options.document, options.library, as_json=options.json, quota=options.quota)


def _bench(options: argparse.Namespace) -> int:
    from engine.bench.registry import run_bench

    return run_bench(options.what, options.arguments)


def _worker(options: argparse.Namespace) -> int:
    with without_collection():
        from engine.worker import run_worker

    return run_worker(options.model, options.library, options.device, options.precision, options.quota)
