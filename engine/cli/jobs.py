"""Jobs of the command line: run on a session in this process, their events shown. Light until a job starts."""

from __future__ import annotations

import io
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType
from typing import IO

from engine.cli.failures import EXIT_BUG, EXIT_INTERRUPTED, EXIT_KNOWN, print_bug
from engine.cli.options import Options
from engine.cli.output import Output, OutputError, ReaderGone
from engine.cli.progress import BarProgress, LineProgress, NoProgress, ProgressView
from engine.cli.result_file import require_other, save
from engine.cli.text import one_line
from engine.cli.view import JsonView, TextView, View
from engine.control import Control
from engine.library.database import library_path
from engine.protocol import wire
from engine.protocol.wire import Command, Event, Read, ReadFolder
from engine.session.heartbeat import Heartbeat
from engine.session.startup import without_collection

log = logging.getLogger(__name__)
ASK_SECONDS = 600
"""Expected seconds of a reading from which a person is asked first."""


def run_jobs(options: Options, commands: Sequence[Command], result_file: Path | None = None) -> int:
    """Run commands one after the other in one session; returns the exit status, the worst of them.

    result_file: gets the results instead of stdout, as a whole, when all commands have ended well.
    """
    with without_collection():
        from engine.session.session import open_session
    require_other(result_file, (getattr(one, "path", "") for one in commands), library_path(options.library))

    text = io.StringIO()
    out: IO[str] = text if result_file is not None else sys.stdout
    statuses: list[int] = []
    control = Control()
    with (
        stopped_by_signals(control),
        open_session(options.model, options.library, options.device, options.precision, options.quota) as session,
    ):
        for command in commands:
            title = one_line(_title(command, commands)) if len(commands) > 1 else ""
            heading = f"{chr(10) if statuses else ''}== {title} ==" if title else ""
            view = _view(options, out, heading, paragraph=getattr(command, "length", "") == "paragraph")
            events = _events(session, command, control)
            statuses.append(_run(view, command, events, control, options, session.model.tokens_computed))
            if control.cancelled:
                break
    if result_file is not None and not any(statuses):
        save(result_file, text.getvalue().encode("utf-8", "replace"))
    return max(statuses)


def _title(command: Command, commands: Sequence[Command]) -> str:
    """Return the name of the command's file, with its folder where another file has the same name."""
    path = Path(getattr(command, "path", ""))
    names = [Path(getattr(one, "path", "")).name for one in commands]
    return path.name if names.count(path.name) == 1 else f"{path.parent.name}/{path.name}"


def _run(
    view: View,
    command: Command,
    events: Iterator[Event],
    control: Control,
    options: Options,
    tokens: Callable[[], int],
) -> int:
    """Show the events of one job, and a sign of life where it is silent; returns its exit status.

    `tokens`: all tokens that the model has computed.
    """
    writing = threading.Lock()
    # For the file to grow, or for files to come.
    waits = (isinstance(command, Read) and command.follow) or (isinstance(command, ReadFolder) and command.watch)

    def beat(event: Event) -> None:
        with writing, suppress(ReaderGone, OutputError):  # the job's next event meets the same
            view.show(event)

    with Heartbeat(command.job_id, beat, tokens, lambda: waits or control.cancelled) as heartbeat:
        return _show(view, command, heartbeat.noted(events), control, options, writing)


def _events(session: object, command: Command, control: Control) -> Iterator[Event]:
    from engine.session.follow import follow
    from engine.session.session import Session

    assert isinstance(session, Session)
    if isinstance(command, Read) and command.follow:
        return follow(session, command, control)
    return session.run(command, control)


def _view(options: Options, out: IO[str], title: str, *, paragraph: bool) -> View:
    if options.as_json:
        return JsonView(Output(out))
    err = Output(sys.stderr, required=False)
    progress: ProgressView = NoProgress()
    if not options.quiet:
        progress = BarProgress(sys.stderr) if err.is_terminal else LineProgress(err)
    return TextView(Output(out), err, progress, quiet=options.quiet, title=title, paragraph=paragraph)


def _show(
    view: View,
    command: Command,
    events: Iterable[Event],
    control: Control,
    options: Options,
    writing: AbstractContextManager[object] | None = None,
) -> int:
    """Show the events of one job; returns its exit status: 0 too where `read` is stopped after its last sentence,
    while it prepares the sections for questions.

    Where the output cannot be written any more, the job is cancelled and ends when what it has read is saved; then the
    error is raised. `writing` is held while an event is shown: another thread may show one too.
    """
    writing = writing or nullcontext()
    status = EXIT_BUG
    error: Exception | None = None
    done = False
    last_page: int | None = None
    for event in events:
        if error is None:
            with writing:
                error = _shown(view, event, control)
        match event:
            case wire.ReadingEstimated() if error is None:
                with writing:  # no sign of life while a person is asked
                    last_page = _wished_pages(event, command, control, options)
            case wire.PrefillAdvanced() if last_page is not None and event.page > last_page:
                control.cancel()
            case wire.ReadingFinished():
                done = isinstance(command, Read) and not command.follow
            case wire.JobFinished():
                status = 0
            case wire.JobCancelled():
                status = 0 if done else EXIT_INTERRUPTED
            case wire.JobFailed(kind="known"):
                status = EXIT_KNOWN
            case wire.JobFailed():
                log.error("job failed: %s\n%s", event.message, event.details)
                print_bug(event.message, event.details, debug=options.debug)
                status = EXIT_BUG
    if error is not None:
        raise error
    view.close()
    return status


def _wished_pages(event: wire.ReadingEstimated, command: Command, control: Control, options: Options) -> int | None:
    """Ask a person at a terminal whether to read a document that takes long; cancels the job where the answer is no.

    Returns the number of pages to read now, None for all.
    """
    asked = options.as_json or options.quiet or not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())
    if asked or event.seconds is None or event.seconds < ASK_SECONDS:
        return None
    part = ", or the number of pages to read now" if isinstance(command, Read) else ""
    while True:
        print(f"Read it all? [Y/n{part}] ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        answer = line.strip().lower()
        if part and answer.isdecimal() and int(answer[:9]) > 0:
            return int(answer[:9])
        if not line or answer in ("n", "no"):  # "": the terminal was closed
            control.cancel()
        elif answer not in ("", "y", "yes"):
            continue
        return None


def _shown(view: View, event: Event, control: Control) -> Exception | None:
    """Show an event; returns the error where the output cannot be written, and cancels the job."""
    try:
        view.show(event)
    except (ReaderGone, OutputError) as error:
        control.cancel()
        return error
    return None


@contextmanager
def stopped_by_signals(control: Control) -> Iterator[None]:
    """Cancel at Ctrl-C, SIGTERM and SIGHUP: the job stops at the next chunk and saves. A second one stops at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        if control.cancelled:
            raise KeyboardInterrupt
        control.cancel()

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [(number, signal.signal(number, stop)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
