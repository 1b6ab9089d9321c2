"""Arguments: mistakes in one line, help, version, completion, opening the window."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.command_line import cli, main
from engine.cli.options import Size
from tests.engine.cli.common import ROOT, is_one_error_line
from tests.engine.tiny import write_pages


def test_mistakes_are_one_line(call, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    for arguments in (
        ["read", tmp_path / "missing.pdf"],
        ["ask", file, "  "],
        ["ask", file, "What?", "--page", "12"],
        ["library", "show", "nothing"],
        ["library", "remove"],
    ):
        status, _, err = call(*arguments)
        assert status == 2, arguments
        assert is_one_error_line(err), err


@pytest.mark.parametrize(("text", "size"), [("8G", 8 << 30), ("1.5 GB", 3 << 29), ("500MiB", 500 << 20), ("7", 7)])
def test_size_is_written_as_people_write_it(text, size):
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("read x --quota lots", "not a size"),
        ("read x --quota " + "9" * 70, "not a size"),
        ("read x --quota -1", "not a size"),
        ("ask x", "QUESTION"),
        ("frobnicate", "neither a command nor a file"),
        ("library burn", "compact"),
        ("library shw", "did you mean show?"),
        ("library", "choose from list, show"),
        ("sumarize x", "did you mean summarize?"),
        ("ask x What is this?", "quotation marks"),
        ("ask --collection works What is this?", "quotation marks"),
        ("ask --collection works x y", "quotation marks"),
        ("models", "choose from add"),
        ("summarize x --length long", "paragraph"),
        ("ask x y --page last", "--page"),
        ("ask x y --page 99999999999999999999", "--page"),
        ("ask x y --page 0", "--page"),
        ("ask x y --after 99999999999999999999", "--after"),
        ("ask x y --seed 99999999999999999999999", "--seed"),
        ("read", "FILE"),
        ("--nope", "--nope"),
    ],
)
def test_usage_error_is_one_line_that_names_the_help(capsys, line, words):
    assert main(line.split()) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and err.count("\n") == 1
    assert words in err
    command = line.split()[0]
    named = f"readthrough {command}" if command in cli.commands else "readthrough"
    assert f"see {named} --help" in err


def test_question_before_the_file_is_named(capsys, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    assert main(["ask", "What is this?", str(file)]) == 2
    assert "the FILE comes first" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--model", "demos", "open"], ["models", "get", "falcon3-mamba-7b"]])
def test_mistyped_model_name_gets_the_nearest_one(capsys, arguments):
    assert main(arguments, window=Windows()) == 2
    err = capsys.readouterr().err
    assert "did you mean" in err and err.count("\n") == 1


def test_included_model_is_not_removed(capsys):
    assert main(["models", "remove", "demo"]) == 2
    assert "comes with Readthrough" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["ask", "x", "caf\udce9?"], ["summarize", "x", "--focus", "\udcff"]])
def test_text_in_another_encoding_is_a_usage_error(capsys, arguments):
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert "not valid text" in err and err.count("\n") == 1


def test_every_command_explains_itself(capsys):
    for command in ("summarize", "ask", "read", "library", "completion", "open", "worker", "tour"):
        assert main([command, "--help"]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"Usage: readthrough {command}")
        assert "--library" in out
    assert main(["summarise", "--help"]) == 0


def test_version(capsys):
    assert main(["--version"]) == 0
    assert re.fullmatch(r"Readthrough \S+\n", capsys.readouterr().out)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_names_the_program(capsys, shell):
    assert main(["completion", shell]) == 0
    assert "_READTHROUGH_COMPLETE" in capsys.readouterr().out


def test_completion_offers_commands_and_options():
    def offered(words: str) -> set[str]:
        environment = os.environ | {"_READTHROUGH_COMPLETE": "bash_complete", "COMP_WORDS": words}
        environment["COMP_CWORD"] = str(len(words.split(" ")) - 1)
        command = [sys.executable, str(ROOT / "main.py")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return {line.partition(",")[2] for line in done.stdout.splitlines()}

    assert {"summarize", "ask", "read", "library"} <= offered("readthrough ")
    assert "--focus" in offered("readthrough summarize --fo")


class Windows:
    """Stands in for the window: notes what it was opened with."""

    def __init__(self) -> None:
        self.opened: list[tuple[dict[str, str], list[Path]]] = []

    def __call__(self, options, files) -> int:
        self.opened.append((options.chosen(), list(files)))
        return 0


def test_files_without_a_command_open_in_the_window(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.pdf"):
        (tmp_path / name).touch()
    window = Windows()
    assert main([], window=window) == 0
    assert main(["a.txt", "b.pdf", "--device", "cpu"], window=window) == 0
    assert main(["--model", "/m", "open", "a.txt"], window=window) == 0
    assert window.opened == [
        ({}, []),
        ({"device": "cpu"}, [tmp_path / "a.txt", tmp_path / "b.pdf"]),
        ({"model": "/m"}, [tmp_path / "a.txt"]),
    ]
    assert main(["a.txt", "gone.txt"], window=window) == 2
    assert "gone.txt" in capsys.readouterr().err and len(window.opened) == 3


def test_option_after_the_command_wins():
    window = Windows()
    assert main(["--device", "cuda", "open", "--device", "cpu"], window=window) == 0
    assert window.opened == [({"device": "cpu"}, [])]


def test_bug_is_one_line_that_names_the_log(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("READTHROUGH_LOGS", str(tmp_path))

    def broken(options, files):
        raise RuntimeError("the window\nis broken")

    assert main([], window=broken) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "RuntimeError: the window is broken" in err
    log = tmp_path / "command-line.log"
    assert str(log) in err and "Traceback" in log.read_text()
    assert main(["--debug"], window=broken) == 1
    assert "Traceback" in capsys.readouterr().err


def test_unknown_user_in_a_path_is_one_line(call):
    status, _, err = call("read", "~nosuchuser/x")
    assert status == 2 and is_one_error_line(err)
