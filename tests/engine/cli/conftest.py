"""A command line with the tiny model."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.command_line import main


@pytest.fixture
def call(tiny_folder, tmp_path, capsys):
    """Run a command line with the tiny model and a library of its own: (status, stdout, stderr)."""

    def call(*arguments: object, model: Path = tiny_folder) -> tuple[int, str, str]:
        options = ["--model", model, "--library", tmp_path / "library.db", "--device", "cpu"]
        if arguments[0] == "library":
            options = ["--library", tmp_path / "library.db"]
        status = main([str(argument) for argument in [*arguments, *options]])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call
