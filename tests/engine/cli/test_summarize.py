"""`summarize`: lengths, dates and names, summaries made before, several files, a file for the result."""

from __future__ import annotations

import json
import re

from engine.protocol import wire
from tests.engine.cli.common import is_one_error_line
from tests.engine.tiny import write_pages


def test_json_is_one_event_a_line_and_ends_in_a_terminal_one(call, tmp_path):
    status, out, _ = call("summarize", write_pages(tmp_path / "log.txt", 1), "--json")
    events = [wire.decode_event(line) for line in out.splitlines()]
    assert status == 0
    assert isinstance(events[-1], wire.JobFinished)
    assert sum(isinstance(event, wire.TERMINAL) for event in events) == 1


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
    assert status == 2 and is_one_error_line(err) and "there is no folder" in err
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".txt") == ["log.txt", "summary.txt"]
