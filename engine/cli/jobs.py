"""Jobs of the command line: run on a session in this process, their events shown. Light until a job starts."""

from __future__ import annotations

import io
import logging
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from engine.cli.failures import EXIT_BUG, EXIT_INTERRUPTED, EXIT_KNOWN, print_bug
from engine.cli.options import Options
from engine.cli.output import Output, OutputError, ReaderGone
from engine.cli.progress import BarProgress, LineProgress, NoProgress, ProgressView
from engine.cli.result_file import save
from engine.cli.text import one_line
from engine.cli.view import JsonView, TextView, View
from engine.control import Control
from engine.protocol import wire
from engine.protocol.wire import Command, Event, Read
from engine.session.startup import without_collection

log = logging.getLogger(__name__)


def run_jobs(options: Options, commands: Sequence[Command], result_file: Path | None = None) -> int:
    """Run commands one after the other in one session; returns the exit status, the worst of them.

    result_file: gets the results instead of stdout, as a whole, when all commands have ended well.
    """
    with without_collection():
        from engine.session.session import open_session

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
            view = _view(options, out, heading)
            statuses.append(_show(view, command, _events(session, command, control), control, options))
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


def _events(session: object, command: Command, control: Control) -> Iterator[Event]:
    from engine.session.follow import follow
    from engine.session.session import Session

    assert isinstance(session, Session)
    if isinstance(command, Read) and command.follow:
        return follow(session, command, control)
    return session.run(command, control)


def _view(options: Options, out: IO[str], title: str) -> View:
    if options.as_json:
        return JsonView(Output(out))
    err = Output(sys.stderr, required=False)
    progress: ProgressView = NoProgress()
    if not options.quiet:
        progress = BarProgress(sys.stderr) if err.is_terminal else LineProgress(err)
    return TextView(Output(out), err, progress, quiet=options.quiet, title=title)


def _show(view: View, command: Command, events: Iterable[Event], control: Control, options: Options) -> int:
    """Show the events of one job; returns its exit status: 0 too where `read` is stopped after its last sentence,
    while it prepares the sections for questions.

    Where the output cannot be written any more, the job is cancelled and ends when what it has read is saved; then the
    error is raised.
    """
    status = EXIT_BUG
    error: Exception | None = None
    done = False
    for event in events:
        if error is None:
            error = _shown(view, event, control)
        match event:
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
