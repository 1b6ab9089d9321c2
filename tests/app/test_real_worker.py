"""The window over the real worker and the demo model: one short story in every run, the others marked slow."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.settings.models import DEMO_FOLDER
from app.state.session import Phase
from engine.library.library import Library
from tests.app.conftest import make_pdf

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif(not (DEMO_FOLDER / "model.safetensors").exists(), reason="no demo model"),
]


def record(number: int) -> str:
    return "\n".join(f"Entry {number}.{line}: pump P-{200 + number} ran at {number + line} bar." for line in range(12))


@pytest.fixture
def short_pdf(tmp_path: Path, qapp) -> Path:
    return make_pdf(tmp_path / "record.pdf", 8, record)


@pytest.fixture
def long_pdf(tmp_path: Path, qapp) -> Path:
    return make_pdf(tmp_path / "long.pdf", 150, record)


def test_story_over_the_real_worker(start, short_pdf, tmp_path: Path):
    driver = start(real=True)
    driver.open(short_pdf)
    driver.until_done(200)
    assert driver.session.fully_read and driver.session.page_count == 8
    assert driver.window.side.summary.text.toPlainText().strip()
    assert driver.text("modelBadge") == "Included model"
    turns = [driver.ask(question, 100) for question in ("What is P-203?", "How many bar?")]
    assert all(turn.done and turn.turn_id is not None for turn in turns)
    driver.until(lambda: driver.window.library.model.rowCount() == 1)
    driver.parts.settings.update(quota_gb=1)
    driver.settle()
    assert not driver.shown("libraryProblem")
    driver.close()

    again = start(real=True)
    assert again.parts.client.command[-2:] == ["--quota", "1G"]
    again.until_idle(60)
    again.until(lambda: len(again.session.conversation.turns) == 2)
    again.settle()
    assert again.session.fully_read and again.session.summary_done
    assert again.session.summary == driver.session.summary
    assert len(again.window.side.conversation.cards) == 2
    follow = again.window.questions.follow
    follow(again.session.conversation.turns[0].key)
    assert again.ask("And then?", 100).parent is again.session.conversation.turns[0]


@pytest.mark.slow
def test_an_outline_about_one_subject_is_made_and_kept(start, long_pdf):
    driver = start(real=True)
    driver.open(long_pdf)
    driver.until_done(200)
    summary = driver.window.side.summary
    driver.window.actions_.by_name["another_summary"].trigger()
    assert summary.request.isVisible()
    summary.request.length.setCurrentIndex(summary.request.length.findData("outline"))
    summary.request.focus.setText("pump P-203")
    driver.bot.keyClick(summary.request.focus, Qt.Key.Key_Return)
    driver.until(lambda: driver.session.summary_running)
    driver.until_done(200)
    made = driver.session.summary
    assert (made.length, made.focus) == ("outline", "pump P-203")
    assert any(made.line_pages) and "p. " in summary.text.toPlainText()
    driver.close()
    again = start(real=True)
    again.until_idle(60)
    assert again.session.summary == made
    assert [(kept.length, kept.focus) for kept in again.session.summaries] == [("outline", "pump P-203"), ("page", "")]


@pytest.mark.slow
def test_a_killed_worker_resumes_what_it_was_reading(start, long_pdf):
    driver = start(real=True, settings={"on_open": "read"})
    driver.open(long_pdf)
    driver.until(lambda: driver.session.progress.page > 5, 100)
    os.kill(driver.parts.client.pid, signal.SIGKILL)
    driver.until(lambda: driver.controller.worker.state == "restarting")
    driver.until(lambda: driver.session.fully_read and not driver.session.phase.busy, 250)
    assert driver.session.trouble is None


@pytest.mark.slow
def test_closing_in_mid_reading_loses_nothing(start, long_pdf, tmp_path: Path):
    driver = start(real=True, settings={"on_open": "read"})
    driver.open(long_pdf)
    driver.until(lambda: driver.session.phase is Phase.READING and driver.session.progress.page > 5, 100)
    driver.close()
    with Library.open(tmp_path / "library.db", read_only=True) as library:
        read = library.documents.all()[0].tokens_read
    assert read > 0
    again = start(real=True)
    again.until(lambda: again.session is not None and again.session.progress.reused_tokens > 0, 60)
    again.until(lambda: again.session.fully_read, 250)


@pytest.mark.slow
def test_a_removed_document_can_be_brought_back_and_then_is_gone(start, short_pdf, tmp_path: Path):
    driver = start(real=True, settings={"on_open": "read"})
    driver.open(short_pdf)
    driver.until(lambda: driver.session.fully_read and not driver.session.phase.busy, 150)
    library = driver.window.library
    driver.until(lambda: library.model.rowCount() == 1 and driver.controller.shelf.documents)
    number = driver.controller.shelf.documents[0].id
    driver.controller.remove(number)
    assert library.model.rowCount() == 0 and "Removed" in driver.text("undoText")
    driver.window.actions_.by_name["undo_remove"].trigger()
    assert library.model.rowCount() == 1
    driver.controller.remove(number)
    driver.close()
    with Library.open(tmp_path / "library.db", read_only=True) as opened:
        assert opened.documents.all() == []


@pytest.mark.slow
def test_a_record_is_shown_as_text_with_its_pages_and_found_in(start, tmp_path: Path):
    path = tmp_path / "shifts.log"
    lines = [f"2025-03-{day % 28 + 1:02} boiler B-{100 + day} inlet pressure {day}.7 bar" for day in range(400)]
    path.write_text("\n".join(lines), encoding="utf-8")
    driver = start(real=True, settings={"on_open": "read"})
    driver.open(path)
    driver.until(lambda: driver.session.fully_read and not driver.session.phase.busy, 200)
    text = driver.window.document.text
    driver.until(lambda: text.page_count == driver.session.pages and "page 1" in text.toPlainText())
    bar = driver.window.document.find_bar
    bar.begin()
    bar.field.setText("B-399")
    driver.until(lambda: driver.text("matchCount") == "1 of 1")
    assert "B-399" in text.textCursor().selectedText()
    assert text.viewport().rect().intersects(text.cursorRect()) and text.page > 1
    assert text.textCursor().block().text() == lines[299]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("damaged.pdf", b"%PDF-1.4\nnothing", "damaged"),
        ("empty.txt", b"", "empty"),
        ("picture.pdf", b"\x89PNG\r\n\x1a\n" + bytes(500), "PDF"),
    ],
)
def test_files_that_cannot_be_read_say_so_in_place(start, tmp_path: Path, name: str, data: bytes, words: str):
    path = tmp_path / name
    path.write_bytes(data)
    driver = start(real=True)
    driver.open(path)
    panel = driver.window.document.trouble
    driver.until(panel.isVisible, 60)
    assert words in driver.text("troubleSentence") and driver.text("troubleSentence").endswith(".")


@pytest.mark.slow
def test_a_model_folder_that_is_gone_is_said_in_place(start, short_pdf, tmp_path: Path):
    driver = start(real=True, settings={"model": str(tmp_path / "no-model")})
    driver.open(short_pdf)
    panel = driver.window.document.trouble
    driver.until(panel.isVisible, 60)
    assert driver.shown("troubleModel")
    driver.parts.settings.update(model="")
    driver.until(lambda: driver.controller.worker.state == "ready", 30)
    driver.click("troubleRetry")
    driver.until_done(200)


@pytest.mark.slow
def test_a_library_that_another_program_holds_is_said(start, short_pdf, tmp_path: Path):
    with Library.open(tmp_path / "library.db"):
        driver = start(real=True)
        driver.open(short_pdf)
        driver.until(lambda: driver.shown("noticeRetry"), 60)
        assert "view-only" in driver.text("noticeText")
    driver.click("noticeRetry")
    driver.until_done(200)


CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.exists(), reason="no corpus")
def test_a_locked_pdf_asks_for_its_password(start):
    driver = start(real=True, settings={"on_open": "read"})
    driver.open(CORPUS / "bad" / "08_enc_aes256_userpw_swordfish.pdf")
    panel = driver.window.document.trouble
    driver.until(lambda: panel.isVisible() and panel.password.isVisible(), 60)
    panel.password.setText("swordfish")
    panel.password.returnPressed.emit()
    driver.until(lambda: driver.session.fully_read and not driver.session.phase.busy, 100)
    driver.until(lambda: driver.window.document.pages.is_drawn)
