"""Log files: one for each kind of process, in the platform's log folder. Light."""

from __future__ import annotations

import logging
import os
import sys
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Literal

import platformdirs

Process = Literal["window", "worker", "command-line", "service"]
MAX_BYTES, OLD_FILES = 1_000_000, 3
FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


def log_folder() -> Path:
    """Return the folder of the log files, which need not exist: the platform's, or READTHROUGH_LOGS."""
    chosen = os.environ.get("READTHROUGH_LOGS")
    return Path(chosen) if chosen else platformdirs.user_log_path("Readthrough", appauthor=False)


def log_file(name: Process) -> Path:
    """Return the path of a process's log file."""
    return log_folder() / f"{name}.log"


def configure_logging(name: Process, debug: bool = False) -> Path:
    """Log to a rotating file from this call onwards; with `debug` also to stderr, debug messages included.

    Return the path of the file, which is made with the first message. When it cannot be written, the program runs
    without it. A second call replaces the earlier file.
    """
    path = log_file(name)
    handlers: list[logging.Handler] = [_PrivateFile(path)]
    if debug:
        handlers.append(logging.StreamHandler(sys.stderr))
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if getattr(handler, "of_readthrough", False)]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(logging.Formatter(FORMAT))
        handler.of_readthrough = True  # type: ignore[attr-defined]
        root.addHandler(handler)
    # Libraries log much at these levels; their warnings are kept.
    root.setLevel(logging.WARNING)
    for package in ("app", "engine", "readthrough"):
        logging.getLogger(package).setLevel(logging.DEBUG if debug else logging.INFO)
    return path


class _PrivateFile(RotatingFileHandler):
    """A rotating log file that only its user can read, because messages can name documents."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=MAX_BYTES, backupCount=OLD_FILES, encoding="utf-8", errors="replace", delay=True
        )

    def emit(self, record: logging.LogRecord) -> None:
        try:
            Path(self.baseFilename).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            super().emit(record)
        except OSError:
            self.handleError(record)

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        return open(descriptor, "a", encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:
        """Ignore a log file that cannot be written: no other place is left for the error."""
