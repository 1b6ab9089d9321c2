"""The command line as its reader meets it: text, exit status, one line for every mistake."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from engine.cli.command_line import main
from engine.cli.jobs import _show
from engine.cli.options import Options, Size
from engine.cli.output import Output
from engine.cli.progress import NoProgress
from engine.cli.view import TextView
from engine.control import Control
from engine.library import schema
from engine.library.library import Library
from engine.protocol import wire
from tests.engine.tiny import write_pages

ROOT = Path(__file__).resolve().parents[3]
CORPUS = ROOT.parent / "shared" / "corpus"


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


def is_one_error_line(err: str) -> bool:
    last = err.strip().splitlines()
    return len([line for line in last if line.startswith("error: ")]) == 1 and "Traceback" not in err


def test_reading_says_what_was_read_and_the_second_time_that_it_was_saved(call, tmp_path):
    file = write_pages(tmp_path / "log.txt", 2)
    status, out, err = call("read", file)
    assert (status, out.count("\n")) == (0, 1)
    assert "log.txt was read in full" in out
    assert "model: " in err and "on the CPU" in err
    status, out, _ = call("read", file)
    assert status == 0
    assert "were read before" in out


def test_asking_prints_the_answer_and_what_it_rests_on(call, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    status, out, _ = call("ask", file, "Which gauge?")
    assert status == 0
    assert any(line.startswith(("(Source: ", "(No answer found.")) for line in out.splitlines())


def test_quiet_keeps_stderr_empty_when_all_is_well(call, tmp_path):
    status, out, err = call("read", write_pages(tmp_path / "log.txt", 1), "--quiet")
    assert (status, err) == (0, "")
    assert out


def test_json_is_one_event_a_line_and_ends_in_a_terminal_one(call, tmp_path):
    status, out, _ = call("summarize", write_pages(tmp_path / "log.txt", 1), "--json")
    events = [wire.decode_event(line) for line in out.splitlines()]
    assert status == 0
    assert isinstance(events[-1], wire.JobFinished)
    assert sum(isinstance(event, wire.TERMINAL) for event in events) == 1


def broken_model(folder: Path, tiny: Path, how: str) -> Path:
    shutil.copytree(tiny, folder)
    config = json.loads((folder / "config.json").read_text())
    if how == "no weights":
        (folder / "model.safetensors").unlink()
    elif how == "pickle only":
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    elif how == "unknown type":
        (folder / "config.json").write_text(json.dumps(config | {"model_type": "llama"}))
    elif how == "missing key":
        del config["state_size"]
        (folder / "config.json").write_text(json.dumps(config))
    elif how == "truncated":
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])
    elif how == "no tokenizer":
        (folder / "tokenizer.json").unlink()
    return folder


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("no weights", "weights"),
        ("pickle only", ".bin"),
        ("unknown type", "llama"),
        ("missing key", "state_size"),
        ("truncated", "model.safetensors"),
        ("no tokenizer", "tokenizer.json"),
    ],
)
def test_a_model_folder_that_cannot_be_used_is_one_line(call, tiny_folder, tmp_path, how, words):
    model = broken_model(tmp_path / "model", tiny_folder, how)
    status, out, err = call("read", write_pages(tmp_path / "log.txt", 1), model=model)
    assert (status, out) == (2, "")
    assert is_one_error_line(err)
    assert words in err


def test_a_model_folder_that_is_not_there_is_one_line(call, tmp_path):
    status, _, err = call("read", write_pages(tmp_path / "log.txt", 1), model=tmp_path / "nowhere")
    assert status == 2
    assert is_one_error_line(err)


def test_mistakes_are_one_line(call, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    for arguments in (
        ["read", tmp_path / "missing.pdf"],
        ["summarize", tmp_path],
        ["read", file, "--collection", "works"],
        ["ask", file, "  "],
        ["ask", file, "What?", "--page", "12"],
        ["library", "show", "nothing"],
        ["library", "remove"],
    ):
        status, _, err = call(*arguments)
        assert status == 2, arguments
        assert is_one_error_line(err), err


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared test documents are not here")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("08_enc_aes256_userpw_swordfish.pdf", "give its password with --password WORD\n"),
        ("02_zero_byte.pdf", "empty"),
        ("03_png_renamed.pdf", "not a PDF"),
        ("01_truncated_half.pdf", "damaged"),
        ("12_images_only_5p.pdf", "OCR"),
        ("04_cyclic_pages_self.pdf", "damaged"),
    ],
)
def test_a_pdf_that_cannot_be_read_is_one_line(call, name, words):
    status, out, err = call("read", CORPUS / "bad" / name)
    assert (status, out) == (2, "")
    assert is_one_error_line(err)
    assert words in err


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared test documents are not here")
def test_a_password_opens_what_it_protects(call):
    file = CORPUS / "bad" / "08_enc_aes256_userpw_swordfish.pdf"
    assert call("read", file, "--password", "swordfish")[0] == 0
    status, out, _ = call("read", file, "--password", "cod")
    assert status == 0  # what was read needs no password any more
    assert "were read before" in out


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared test documents are not here")
def test_a_wrong_password_is_one_line(call):
    status, out, err = call("read", CORPUS / "bad" / "08_enc_aes256_userpw_swordfish.pdf", "--password", "cod")
    assert (status, out) == (2, "")
    assert is_one_error_line(err)
    assert "password does not open" in err


def test_the_library_commands_tell_what_is_there(call, tmp_path):
    call("read", write_pages(tmp_path / "log.txt", 2))
    status, out, _ = call("library", "list")
    assert status == 0
    assert "log" in out
    status, out, _ = call("library", "list", "--json")
    assert json.loads(out)["state"] == "done"
    assert "whole document" in call("library", "show", "1")[1]
    assert "all sound" in call("library", "verify")[1]
    assert call("library", "export", "1")[1].startswith("# log")
    assert "Removed log" in call("library", "remove", "log.txt")[1]
    assert call("library", "compact")[0] == 0
    assert "empty" in call("library", "list")[1]


def test_a_follow_up_names_its_turn_and_the_library_shows_the_tree(call, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    _, _, err = call("ask", file, "Which gauge?")
    assert "turn 1; ask a follow-up with --after 1" in err
    status, _, err = call("ask", file, "And when?", "--after", 1, "--seed", 5)
    assert (status, "turn 2" in err) == (0, True)
    _, out, _ = call("library", "show", "1")
    assert "Turn 1\nQ: Which gauge?" in out
    assert "Turn 2 (after turn 1, seed 5)\nQ: And when?" in out
    assert [turn["parent"] for turn in json.loads(call("library", "show", "1", "--json")[1])["turns"]] == [None, 1]
    status, out, err = call("ask", file, "And who?", "--after", 9)
    assert (status, out) == (2, "")
    assert is_one_error_line(err)
    assert "no turn 9" in err


def library_file(tmp_path: Path) -> Path:
    return tmp_path / "library.db"


def make_newer(path: Path) -> None:
    conn = sqlite3.connect(path)
    conn.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('readthrough', 'm900_later', '')"
    )
    conn.commit()
    conn.close()


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    path.write_bytes(b"These are my notes, not a database. " * 200)


@pytest.mark.parametrize(
    ("spoil", "words"), [(make_newer, "newer version"), (cut_off, "damaged"), (overwrite, "not a Readthrough library")]
)
def test_a_library_that_cannot_be_used_is_one_line_and_left_alone(call, tmp_path, spoil, words):
    file = write_pages(tmp_path / "log.txt", 1)
    call("read", file)
    spoil(library_file(tmp_path))
    before = library_file(tmp_path).read_bytes()
    for arguments in (["read", file], ["ask", file, "What?"], ["library", "list"], ["library", "verify"]):
        status, out, err = call(*arguments)
        assert (status, out) == (2, ""), arguments
        assert is_one_error_line(err), err
        assert words in err
    assert library_file(tmp_path).read_bytes() == before


def test_a_library_of_an_older_version_is_brought_up_to_date_by_looking_at_it(tmp_path, capsys, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(schema, "STEPS", schema.STEPS[:-1])
        Library.open(library_file(tmp_path)).close()
    for _ in range(2):
        assert main(["library", "list", "--library", str(library_file(tmp_path))]) == 0
        assert "empty" in capsys.readouterr().out
    with Library.open(library_file(tmp_path), read_only=True):
        pass


def test_two_programs_at_once_are_one_line_and_the_second_may_still_look(call, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    call("read", file)
    with Library.open(library_file(tmp_path)):
        for arguments in (["read", file], ["ask", file, "What?"], ["library", "compact"]):
            status, _, err = call(*arguments)
            assert status == 2
            assert is_one_error_line(err)
            assert "Another Readthrough" in err and str(os.getpid()) in err
        assert call("library", "list")[0] == 0
        assert call("library", "export", "1")[0] == 0


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
def test_a_library_that_may_not_be_written_is_one_line_and_can_be_looked_at(call, tmp_path, capsys):
    file = write_pages(tmp_path / "log.txt", 1)
    call("read", file)
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(library_file(tmp_path), folder)
        Path(path).chmod(0o444)
        Path(folder).chmod(0o555)
        with without_rights():
            assert main(["library", "list", "--library", path]) == 0
            assert "log" in capsys.readouterr().out
            assert main(["read", str(file), "--library", path]) == 2
        assert is_one_error_line(capsys.readouterr().err)
        Path(folder).chmod(0o755)


@contextlib.contextmanager
def without_rights():
    """As nobody, where the tests run as root, who may write everywhere."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_flipped_bit_is_found_by_verify_and_the_document_is_read_again(call, tmp_path):
    file = write_pages(tmp_path / "log.txt", 2)
    call("read", file)
    conn = sqlite3.connect(library_file(tmp_path))
    for (snapshot,) in conn.execute("SELECT id FROM snapshots").fetchall():
        with conn.blobopen("snapshot_blobs", "data", snapshot) as blob:
            blob[len(blob) // 2] ^= 1
    conn.commit()
    conn.close()
    status, out, err = call("library", "verify")
    assert (status, err) == (2, "")
    assert out.count("\n") == 1 and "damaged and is dropped" in out
    assert "all sound" in call("library", "verify")[1]
    status, out, _ = call("read", file)
    assert status == 0
    assert "read before" not in out and "log.txt was read in full" in out


def start(tiny_folder: Path, tmp_path: Path, *arguments: object, **options) -> subprocess.Popen:
    command = [sys.executable, str(ROOT / "main.py"), *map(str, arguments), "--model", str(tiny_folder)]
    command += ["--library", str(tmp_path / "library.db"), "--device", "cpu"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_saves_and_the_same_command_goes_on(tiny_folder, tmp_path):
    file = write_pages(tmp_path / "long.txt", 60)
    process = start(tiny_folder, tmp_path, "read", file, "--json")
    assert process.stdout is not None
    for line in process.stdout:
        if isinstance(wire.decode_event(line), wire.PrefillAdvanced):
            process.send_signal(signal.SIGINT)
            break
    sent = time.monotonic()
    rest, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert isinstance(wire.decode_event(rest.splitlines()[-1]), wire.JobCancelled)
    assert time.monotonic() - sent < 10
    again, _ = start(tiny_folder, tmp_path, "read", file, "--json").communicate(timeout=120)
    resumed = next(
        event
        for event in map(wire.decode_event, again.splitlines())
        if isinstance(event, wire.ReadingResumed | wire.ReadingFinished)
    )
    assert getattr(resumed, "tokens_reused", 0) or resumed.tokens > 0


@pytest.mark.skipif(os.name != "posix", reason="file size limits as POSIX has them")
def test_a_full_disk_is_one_line_and_nothing_is_half_written(tiny_folder, tmp_path):
    file = write_pages(tmp_path / "log.txt", 20)

    def limit() -> None:  # writing past the limit fails as on a full disk
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))

    process = start(tiny_folder, tmp_path, "read", file, preexec_fn=limit)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2, err
    assert is_one_error_line(err)
    done = start(tiny_folder, tmp_path, "read", file)
    out, err = done.communicate(timeout=120)
    assert done.returncode == 0, err
    assert "read in full" in out


def test_a_reader_that_goes_away_is_no_error(tiny_folder, tmp_path):
    with start(tiny_folder, tmp_path, "read", write_pages(tmp_path / "log.txt", 3), "--json") as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 0
        assert "Traceback" not in process.stderr.read()


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
    named = f"readthrough {command}" if command in ("read", "ask", "library", "summarize") else "readthrough"
    assert f"see {named} --help" in err


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


def test_an_outline_with_its_ledger_and_what_it_covers(call, tmp_path):
    file = write_pages(tmp_path / "log.txt", 2)
    file.write_text("Elena Petrov paid 500 euros on 3 May 2024.\n" + file.read_text())
    status, out, err = call("summarize", file, "--length", "outline", "--ledger")
    assert status == 0, err
    assert "Dates\n  3 May 2024 (page 1)\n" in out
    assert "Amounts\n  500 euros (page 1)\n" in out
    assert "Names\n  Elena Petrov (page 1)\n" in out
    assert "found 3 entries by text search on" in err
    assert re.search(r"From \d+ sections, pages 1–\d+", err)
    status, out, err = call("summarize", file, "--length", "outline", "--quiet")
    assert status == 0, err
    assert "saved before" not in err and "Dates" not in out
    shown = json.loads(call("library", "show", "log.txt", "--json")[1])
    assert len(shown["notes"]) > 1
    assert [entry["text"] for entry in shown["ledger"]["entries"]] == ["3 May 2024", "500 euros", "Elena Petrov"]
    assert len(shown["retention"]["retained"]) == len(shown["notes"])


def test_summary_of_the_same_kind_is_shown_again_and_again_makes_a_new_one(call, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    _, first, err = call("summarize", file)
    assert "was made before" not in err
    status, second, err = call("summarise", file)
    assert (status, second) == (0, first)
    assert "this summary was made before; --again makes a new one" in err
    assert "was made before" not in call("summarize", file, "--length", "paragraph")[2]
    assert "was made before" not in call("summarize", file, "--again")[2]
    assert len(json.loads(call("library", "show", "1", "--json")[1])["summaries"]) == 3


def test_several_files_are_headed_by_their_names_and_one_failure_is_the_status(call, tmp_path):
    one, two = write_pages(tmp_path / "one.txt", 1), write_pages(tmp_path / "two.txt", 2)
    status, out, _ = call("summarize", one, two)
    assert status == 0
    assert out.startswith("== one.txt ==\n") and "\n\n== two.txt ==\n" in out
    status, out, err = call("read", one, tmp_path / "gone.txt", two)
    assert status == 2
    assert is_one_error_line(err) and "== two.txt ==" in out


def test_output_file_gets_the_summary_as_a_whole_or_not_at_all(call, tmp_path):
    file, target = write_pages(tmp_path / "log.txt", 1), tmp_path / "summary.txt"
    _, text, _ = call("summarize", file)
    status, out, _ = call("summarize", file, "-o", target)
    assert (status, out, target.read_text()) == (0, "", text)
    assert call("summarize", tmp_path / "gone.txt", "-o", target)[0] == 2
    assert target.read_text() == text
    status, _, err = call("summarize", file, "-o", tmp_path / "no" / "folder.txt")
    assert status == 2 and is_one_error_line(err) and "cannot be written" in err
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".txt") == ["log.txt", "summary.txt"]


@pytest.mark.skipif(os.name != "posix", reason="descriptors as POSIX has them")
@pytest.mark.parametrize(("redirect", "status"), [(">/dev/full", 2), (">&-", 2), ("2>&-", 0), ("2>/dev/full", 0)])
def test_output_that_cannot_be_written_is_one_line_and_the_reading_is_saved(tiny_folder, tmp_path, redirect, status):
    file = write_pages(tmp_path / "log.txt", 2)
    arguments = [sys.executable, str(ROOT / "main.py"), "read", str(file), "--model", str(tiny_folder)]
    arguments += ["--library", str(tmp_path / "library.db"), "--device", "cpu"]
    line = f"{shlex.join(arguments)} {redirect}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    if status:
        assert is_one_error_line(done.stderr) and "the output cannot be written" in done.stderr
    with Library.open(tmp_path / "library.db", read_only=True) as library:
        assert library.documents.all()[0].state == "done"


def test_title_outside_the_encoding_of_stdout_is_printed_with_question_marks(call, tmp_path):
    call("read", write_pages(tmp_path / "東京.txt", 1))
    command = [sys.executable, str(ROOT / "main.py"), "library", "list", "--library", str(tmp_path / "library.db")]
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=True)
    assert b"1  ??" in done.stdout


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


def test_deleted_states_are_told(call, tmp_path):
    _, _, err = call("read", write_pages(tmp_path / "log.txt", 4), "--quota", 1, "--quiet")
    assert re.search(r"note: the space limit of 1 B is reached; \d+ old saved states? \(.*\) deleted", err)


def test_unknown_user_in_a_path_is_one_line(call):
    status, _, err = call("read", "~nosuchuser/x")
    assert status == 2 and is_one_error_line(err)


@pytest.mark.parametrize(("follow", "expected"), [(False, 0), (True, 130)])
def test_stop_after_the_last_sentence_of_read_is_success(follow, expected, capsys):
    finished = wire.ReadingFinished(
        document_id=1, tokens=9, tokens_reused=0, pages=1, pages_read=1, pages_without_text=[], problems={},
        sections=1, trained_context=None, seconds=1.0, outcome="log.txt was read in full: 1 page with text.",
    )  # fmt: skip
    events = [wire.JobStarted(command="Read"), finished, wire.JobCancelled()]
    command = wire.Read(path="log.txt", follow=follow)
    view = TextView(Output(sys.stdout), Output(sys.stderr), NoProgress())
    assert _show(view, command, events, Control(), Options()) == expected
    assert capsys.readouterr().out == "log.txt was read in full: 1 page with text. 9 tokens.\n"
