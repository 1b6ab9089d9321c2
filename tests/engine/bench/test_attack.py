"""The attack itself: seeded, honest about failures, with sound documents to start from."""

from __future__ import annotations

import json
import random
from pathlib import Path

from engine.bench.attack import command, pdf_writer, pdfs
from engine.bench.attack.place import Case, make_place
from engine.bench.attack.process import Ended
from engine.documents.extraction.extractor import open_document


def test_a_kind_is_run_and_counted(tmp_path: Path, capsys) -> None:
    out = tmp_path / "figures.json"
    assert command.main(["--kinds", "tokens", "--share", "0.01", "--out", str(out)]) == 0
    assert capsys.readouterr().out.endswith("1 tried, 0 failures\n")
    figures = json.loads(out.read_text())
    assert [(row["tried"], row["survived"]) for row in figures["kinds"]] == [(1, 1)]


def test_a_fault_and_a_failing_attack_are_failures(tmp_path: Path, capsys, monkeypatch) -> None:
    def cases(place, chance, share):
        yield Case("tokens", "one", list)
        yield Case("tokens", "two", lambda: ["it printed \x1b[31m"])
        yield Case("tokens", "three", lambda: [str(1 / 0)])

    monkeypatch.setitem(command.KINDS, "tokens", cases)
    assert command.main(["--kinds", "tokens"]) == 2
    said = capsys.readouterr().out
    assert said.endswith("3 tried, 2 failures\n") and "FAILED tokens: two" in said and "ZeroDivisionError" in said


def test_faults_of_an_end() -> None:
    well = Ended(0, "text\n", "", 1.0, 100, 100, False, 0)
    assert well.faults(100) == []
    refused = Ended(2, "", "error: the file is empty\n", 1.0, 100, 100, False, 0)
    assert refused.faults(100) == []
    for ended in (
        Ended(1, "", "", 1.0, 100, 100, False, 0),
        Ended(2, "", "error: one\nerror: two\n", 1.0, 100, 100, False, 0),
        Ended(0, "\x1b]0;title\x07", "", 1.0, 100, 100, False, 0),
        Ended(0, "", "Traceback (most recent call last)", 1.0, 100, 100, False, 0),
        Ended(0, "", "", 1.0, 2 << 30, 100, False, 0),
        Ended(0, "", "", 1.0, 100, 2 << 30, False, 0),
        Ended(-9, "", "", 61.0, 100, 100, True, 0),
        Ended(0, "", "", 1.0, 100, 100, False, 1),
    ):
        assert ended.faults(100)


def test_the_same_seed_makes_the_same_damage(tmp_path: Path) -> None:
    sound = pdf_writer.write_record(tmp_path / "record.pdf", 4).read_bytes()
    one, two = ([pdfs.damaged(sound, random.Random(seed)) for seed in range(9)] for _ in range(2))
    assert one == two and len(set(one)) == 9 and sound not in one


def test_the_sound_record_is_sound(tmp_path: Path) -> None:
    with open_document(pdf_writer.write_record(tmp_path / "record.pdf", 4), processes=1) as document:
        pages = list(document.pages())
    assert [page.number for page in pages] == [1, 2, 3, 4] and all("gauge" in page.text for page in pages)
    assert [entry.page for entry in document.info.outline] == [1, 4]
    assert document.info.title == "A record"


def test_each_kind_names_its_cases_and_takes_a_share_of_them(tmp_path: Path) -> None:
    place = make_place(tmp_path / "place")
    for kind in command.KINDS.keys() - {"disks"}:  # which tries to mount one
        whole, part = (
            [case.name for case in command.KINDS[kind](place, random.Random(1), share)] for share in (1.0, 0.1)
        )
        assert len(whole) == len(set(whole)) >= len(part) > 0, kind
