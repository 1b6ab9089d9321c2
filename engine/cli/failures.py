"""Failures of the command line: the one place that turns every error into one sentence and an exit status. Light."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress

import click

from engine.cli.output import Output, ReaderGone, discard_stdout
from engine.cli.text import closest, error_line, one_line
from engine.errors import KnownError
from engine.logs import log_file

EXIT_KNOWN, EXIT_BUG, EXIT_INTERRUPTED = 2, 1, 130
_SUGGESTION = re.compile(r"\.? \(?Did you mean (?:one of: )?(.*?)\?\)?$")
_CHOICES = re.compile(r"\. Choose from:\s*")
_NOT_ONE_OF = re.compile(r"'([^']*)' is not one of (.*?)\.?$")
SHOWN = 200
"""Characters of a bug's message that its line shows."""

log = logging.getLogger(__name__)


def guarded(action: Callable[[], int], debug: Callable[[], bool]) -> int:
    """Run an action; returns its exit status, or that of the error that ended it, which is printed on stderr."""
    try:
        return _flushed(action())
    except KnownError as error:
        print_error(str(error), error.reason)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "readthrough"
        print_error(f"{_usage(error)}; see {command} --help")
    except (ReaderGone, BrokenPipeError, SystemExit):
        # SystemExit is click's, when the reader of its help is gone.
        discard_stdout()
        return 0
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except OSError as error:
        # Click prints help by itself, and what is written last is flushed last; other files name themselves.
        log.exception("the command failed")
        what = "the output cannot be written" if error.filename is None else str(error.filename)
        print_error(f"{what}: {error.strerror or error}")
    except MemoryError:
        print_error("the memory ran out; close other programs, or choose a smaller model or --precision int8")
    except Exception as error:
        log.exception("the command failed")
        print_bug(f"{type(error).__name__}: {error}", traceback.format_exc(), debug=debug())
        return EXIT_BUG
    discard_stdout()
    return EXIT_KNOWN


def _flushed(status: int) -> int:
    sys.stdout.flush()
    return status


def _usage(error: click.UsageError) -> str:
    """Return what is wrong with an argument, with the nearest name that there is."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        group = error.ctx.command
        names = group.list_commands(error.ctx) if isinstance(group, click.Group) else []
        return f"missing command: choose from {', '.join(names)}"
    message = _SUGGESTION.sub(r" (did you mean \1?)", error.format_message().rstrip("."))
    message = _CHOICES.sub(": choose from ", message)
    if wrong := _NOT_ONE_OF.search(message):
        names = re.findall(r"'([^']*)'", wrong[2])
        message = f"{message[: wrong.start(2)]}{', '.join(names)}{closest(wrong[1], names)}"
    return message[:1].lower() + message[1:]


def print_error(sentence: str, reason: str = "") -> None:
    """Print an error that the user can fix: one line on stderr, which a terminal shows broken between words."""
    _print(error_line(sentence, reason))


def print_bug(message: str, details: str, *, debug: bool) -> None:
    """Print an error of the program itself: one line that names the log file, and with --debug the traceback."""
    if debug:
        _print(details.rstrip())
    shown = one_line(message)[:SHOWN]
    _print(f"error: something is wrong in Readthrough itself ({shown}); details are in {log_file('command-line')}")


def _print(text: str) -> None:
    with suppress(OSError):  # where stderr is full or closed, the exit status remains
        Output(sys.stderr, required=False).line(text)
