"""`read`: what it says and saves, models and files that cannot be read."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from engine.cli.jobs import _show
from engine.cli.options import Options
from engine.cli.output import Output
from engine.cli.progress import NoProgress
from engine.cli.view import TextView
from engine.control import Control
from engine.protocol import wire
from tests.engine.cli.common import CORPUS, is_one_error_line
from tests.engine.tiny import write_pages


def test_reading_says_what_was_read_and_the_second_time_that_it_was_saved(call, tmp_path):
    file = write_pages(tmp_path / "log.txt", 2)
    status, out, err = call("read", file)
    assert (status, out.count("\n")) == (0, 1)
    assert "log.txt was read in full" in out
    assert "model: " in err and "on the CPU" in err
    status, out, _ = call("read", file)
    assert status == 0
    assert "were read before" in out


def test_quiet_keeps_stderr_empty_when_all_is_well(call, tmp_path):
    status, out, err = call("read", write_pages(tmp_path / "log.txt", 1), "--quiet")
    assert (status, err) == (0, "")
    assert out


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


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared test documents are not here")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("08_enc_aes256_userpw_swordfish.pdf", "is password-protected; enter the password with --password WORD\n"),
        ("02_zero_byte.pdf", "empty"),
        (
            "03_png_renamed.pdf",
            "not a PDF, although its name says so (it looks like a PNG image); check that it is the right file\n",
        ),
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


def test_deleted_states_are_told(call, tmp_path):
    _, _, err = call("read", write_pages(tmp_path / "log.txt", 4), "--quota", 1, "--quiet")
    assert re.search(r"note: the space limit of 1 B is reached; \d+ old saved states? \(.*\) deleted", err)


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
