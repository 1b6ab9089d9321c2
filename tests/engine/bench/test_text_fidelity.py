"""The bench of lost words: two other readers must have a word, and a page that is named as unread loses none."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from engine.bench import text_fidelity
from engine.bench.text_fidelity import Fidelity, compare, compared, main, words
from tests.engine.documents.drawing import Word, draw_pdf

LINES: list[Word] = [(60, 700, "Pump P-204 was stopped on 3 May."), (60, 680, "The seal was replaced by Marta Quill.")]
TEXT = "\n".join(text for _, _, text in LINES)


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    folder = tmp_path / "collection"
    folder.mkdir()
    return draw_pdf(folder / "drawn.pdf", [LINES])


def poppler(monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    monkeypatch.setattr(text_fidelity, "poppler_pages", lambda path, last: None if text is None else [text])
    # Only the bench's own name: pypdf looks for programs by the same function when it is first imported.
    monkeypatch.setattr(text_fidelity, "shutil", SimpleNamespace(which=lambda name: name))


def test_words_are_counted_in_compatibility_form() -> None:
    assert words("Ab ab \ufb01n 水泵") == Counter({"ab": 2, "fin": 1, "水": 1, "泵": 1})


def test_all_words_are_found(pdf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poppler(monkeypatch, TEXT)
    result = compare(pdf, 20)
    assert (result.share, result.found, result.end) == (1.0, result.words, "text")


def test_a_word_that_both_other_readers_have_is_lost(pdf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poppler(monkeypatch, f"{TEXT}\nsecret words of poppler only")
    assert compare(pdf, 20).share == 1.0
    monkeypatch.setattr(
        text_fidelity._SecondReader, "words", lambda self, number: words("secret words of poppler only")
    )
    result = compare(pdf, 20)
    assert (
        result.share < 0.9 and result.worst_page == 1 and set(result.lost) == set(words("secret words of poppler only"))
    )


def test_poppler_that_cannot_open_the_file_is_told(pdf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poppler(monkeypatch, None)
    assert compare(pdf, 20).end == "poppler"


def test_a_log_is_continued(
    pdf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    poppler(monkeypatch, TEXT)
    log = tmp_path / "log.jsonl"
    (known,) = compared([pdf.parent], 20, log)
    log.write_bytes(msgspec.json.encode(Fidelity(known.name, "text", words=100, found=10, lost=["gone"])) + b"\n")
    main([str(pdf.parent), "--log", str(log)])
    printed = capsys.readouterr().out
    assert "collection/drawn.pdf: 10% of 100 words" in printed and "1 compared, 1 lose more than 10%" in printed
