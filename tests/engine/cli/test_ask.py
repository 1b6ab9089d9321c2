"""`ask`: the answer, its source, follow-ups."""

from __future__ import annotations

import json

from tests.engine.cli.common import is_one_error_line
from tests.engine.tiny import write_pages


def test_asking_prints_the_answer_and_what_it_rests_on(call, tmp_path):
    file = write_pages(tmp_path / "log.txt", 1)
    status, out, _ = call("ask", file, "Which gauge?")
    assert status == 0
    assert any(line.startswith(("(Source: ", "No answer found", "(No answer found")) for line in out.splitlines())


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
