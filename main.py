"""Readthrough reads long documents on your own machine. `readthrough --help` lists its commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from engine.cli import command_line
from engine.cli.options import Options
from engine.errors import KnownError
from engine.logs import configure_logging
from engine.session.startup import prepare_environment


def main() -> int:
    """Run the command line, which opens the window where no command is given; returns the exit status."""
    prepare_environment()
    return command_line.main(window=_open_window, tour=_run_tour, layout=_laid_out)


def _open_window(options: Options, files: Sequence[Path]) -> int:
    configure_logging("window", options.debug)
    try:
        from app.window import application
    except ImportError as error:
        if ".so" not in str(error):
            raise
        missing = str(error).split(":")[0]
        raise KnownError(f"the window needs {missing}, which is missing; install it, or use the commands") from error

    return application.run(options.chosen(), [str(file) for file in files])


def _laid_out(suffix: str, markdown: str, title: str) -> bytes:
    from app.export.formats import laid_out

    return laid_out(suffix, markdown, title)


def _run_tour(folder: Path, document: Path | None, questions: tuple[str, ...]) -> int:
    from app.window import tour

    return tour.run(folder, document=str(document or ""), questions=questions)


if __name__ == "__main__":
    sys.exit(main())
