"""What goes wrong over the real worker and the demo model, and documents of unusual size or script."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from app.jobs.worker_supervisor import worker_command
from app.pages.marks import Passage
from app.settings.models import DEMO_FOLDER
from app.tasks.watchdog import Watchdog
from tests.app.conftest import make_pdf
from tests.app.test_real_worker import record

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not (DEMO_FOLDER / "model.safetensors").exists(), reason="no demo model"),
]

FULL = 300_000
"""Bytes: no file may grow beyond this, which looks to the worker like a full disk."""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a running process as Linux has them")
def test_a_full_disk_is_said_in_place_and_reading_goes_on_when_there_is_room(start, tmp_path: Path, qapp):
    import resource

    limited = (
        "import os, resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({FULL}, resource.RLIM_INFINITY));"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    driver = start(command=lambda chosen: [sys.executable, "-c", limited, *worker_command(chosen)])
    driver.open(make_pdf(tmp_path / "long.pdf", 60, record))
    panel = driver.window.document.trouble
    driver.until(panel.isVisible, 100)
    assert "full" in driver.text("troubleSentence") and "space" in driver.text("troubleSentence")
    assert driver.shown("troubleRetry") and not driver.session.phase.busy
    everything = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(driver.parts.client.pid, resource.RLIMIT_FSIZE, everything)
    driver.click("troubleRetry")
    driver.until_done(200)
    assert driver.session.fully_read and panel.isHidden()


def test_a_second_window_is_read_only_and_says_so_until_the_first_is_closed(start, tmp_path: Path, qapp):
    path = make_pdf(tmp_path / "record.pdf", 12, record)
    first = start(real=True)
    first.open(path)
    first.until_done(200)
    turn = first.ask("What is P-203?", 100)
    assert turn.done

    second = start(real=True, settings={"last_document": str(path)})
    second.until(lambda: second.controller.lock.held, 60)
    second.until(lambda: second.session is not None and second.session.summary.text)
    second.settle()
    side = second.window.side
    assert "view-only" in second.text("noticeText") and second.shown("noticeRetry")
    assert second.shown("libraryLocked") and second.window.document.trouble.isHidden()
    assert side.summary.text.toPlainText().strip() and len(side.conversation.cards) == 1
    second.until(lambda: second.window.document.pages.is_drawn)
    refused = second.ask("How many bar?", 60)
    assert "view-only" in refused.problem and not refused.done
    first.close()
    second.click("noticeRetry")
    second.until(lambda: not second.controller.lock.held and second.session.opened, 60)
    assert not second.shown("noticeRetry") and not second.shown("libraryLocked")
    assert second.ask("How many bar?", 100).done


def test_a_locked_pdf_is_opened_again_the_next_day(start, tmp_path: Path, qapp):
    from pypdf import PdfReader, PdfWriter

    path = tmp_path / "locked.pdf"
    writer = PdfWriter(clone_from=PdfReader(make_pdf(tmp_path / "plain.pdf", 12, record)))
    writer.encrypt("swordfish", algorithm="AES-256")
    writer.write(path)

    def unlock(driver) -> None:
        panel = driver.window.document.trouble
        driver.until(lambda: panel.isVisible() and panel.password.isVisible(), 60)
        assert "password" in driver.text("troubleSentence") and panel.password.hasFocus()
        driver.bot.keyClicks(panel.password, "sesame")
        driver.bot.keyClick(panel.password, Qt.Key.Key_Return)
        driver.until(lambda: panel.isVisible() and "does not open" in driver.text("troubleSentence"), 60)
        driver.bot.keyClicks(panel.password, "swordfish")
        driver.bot.keyClick(panel.password, Qt.Key.Key_Return)
        driver.until(panel.isHidden, 60)

    driver = start(real=True)
    driver.open(path)
    unlock(driver)
    driver.until_done(200)
    driver.until(lambda: driver.window.document.pages.is_drawn)
    assert driver.ask("What is P-203?", 100).done
    driver.close()

    # What was read, summarised and answered is there before the password is; the pages come with it.
    again = start(real=True)
    again.until(lambda: again.session is not None and again.session.summary.text)
    again.until(lambda: len(again.session.conversation.turns) == 1)
    assert again.session.fully_read
    unlock(again)
    again.until_idle(60)
    again.until(lambda: again.window.document.pages.is_drawn)
    assert again.ask("How many bar?", 100).done
    settings = (tmp_path / "settings.json").read_text()
    assert "swordfish" not in settings


def test_a_killed_worker_is_replaced_and_its_question_answered(start, tmp_path: Path, qapp):
    driver = start(real=True, settings={"on_open": "read"})
    driver.open(make_pdf(tmp_path / "long.pdf", 200, record))
    driver.until(lambda: driver.session.progress.page > 20, 100)
    first = driver.parts.client.pid
    driver.window.side.question.box.setPlainText("What is P-203?")
    driver.window.side.question.box.sent.emit()
    os.kill(first, signal.SIGKILL)
    driver.until(lambda: driver.parts.client.pid not in (0, first), 30)
    driver.until_read(250)
    turn = driver.session.conversation.turns[-1]
    driver.until(lambda: turn.done, 100)
    assert driver.session.progress.reused_tokens >= 0 and driver.session.trouble is None
    assert not psutil.pid_exists(first) or psutil.Process(first).status() == psutil.STATUS_ZOMBIE


def test_a_document_of_five_thousand_pages(start, tmp_path: Path, qapp):
    path = make_pdf(tmp_path / "long.pdf", 5000, lambda page: f"Pump P-{page} ran at {page % 90 + 2} bar.")
    driver = start(real=True, settings={"on_open": "read"})
    driver.settle()
    dog = Watchdog(0.05)
    driver.open(path)
    driver.until(lambda: driver.window.document.pages.page_count == 5000, 60)
    driver.until_read(400)
    dog.stop()
    strip = driver.window.document.strip
    assert driver.session.pages == 5000 and strip.pages_per_cell > 1
    assert strip.words(1).startswith("Pages 1–")
    driver.window.document.go_to(4321)
    driver.until(lambda: driver.window.document.pages.is_drawn)
    assert driver.window.document.pages.page == 4321
    driver.window.document.find_bar.begin("P-4987")
    driver.until(lambda: driver.text("matchCount") == "1 of 1", 60)
    assert driver.window.document.pages.page == 4987
    print(f"longest stall {dog.longest * 1000:.0f} ms, of work {dog.longest_work * 1000:.0f} ms")
    slow = [stall for stall in dog.stalls if stall.worked > dog.limit]
    assert not slow, slow[0].where


ARABIC = "\u0636\u063a\u0637 \u0627\u0644\u0645\u0636\u062e\u0629"
CHINESE = "\u6cf5\u7684\u538b\u529b"
HEBREW = "\u05dc\u05d7\u05e5 \u05d4\u05de\u05e9\u05d0\u05d1\u05d4"


@pytest.mark.parametrize("words", [ARABIC, CHINESE, HEBREW], ids=["arabic", "chinese", "hebrew"])
def test_a_record_in_another_script_is_found_marked_and_copied_beyond_its_beginning(
    start, tmp_path: Path, words: str, qapp
):
    lines = [f"2025-03-{number % 28 + 1:02} {words} P-{number}: {number % 90 + 2} bar." for number in range(2500)]
    path = tmp_path / "record.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert path.stat().st_size > 60_000
    driver = start(real=True, settings={"on_open": "read"})
    driver.open(path)
    driver.until_read(400)
    text, bar = driver.window.document.text, driver.window.document.find_bar
    driver.until(lambda: text.page_count == driver.session.pages)
    bar.begin()
    bar.field.setText(f"{words} P-2345")
    driver.until(lambda: driver.text("matchCount") == "1 of 1", 30)
    driver.until(lambda: text.textCursor().selectedText() == f"{words} P-2345")
    assert text.page > 10
    text.copy()
    assert QGuiApplication.clipboard().text() == f"{words} P-2345"
    bar.dismiss()
    # The sentence of an answer, on another page than the one that is loaded.
    sentence = lines[77]
    page = next(page for page, text_of in _pages(tmp_path, driver) if sentence in text_of)
    driver.window.document.show_passages([Passage(page, sentence)])
    driver.until(lambda: text.marked_text)
    assert text.marked_text == sentence and text.page <= page
    shown = text.cursorRect(text.textCursor())
    assert text.viewport().rect().intersects(shown)


def _pages(tmp_path: Path, driver):
    from engine.library.library import Library

    with Library.open(tmp_path / "library.db", read_only=True) as library:
        rows = library.pages.of(driver.session.document_id)
    return [(row.number, row.text) for row in rows]


def test_a_pdf_in_other_scripts_is_found_in_marked_and_selected(start, tmp_path: Path, qapp):
    path = make_pdf(
        tmp_path / "scripts.pdf", 9, lambda page: f"{CHINESE} P-{page}: {page * 3} bar.\n{HEBREW}\n{ARABIC}"
    )
    driver = start(real=True, settings={"on_open": "read"})
    driver.open(path)
    driver.until_read(200)
    pages, bar = driver.window.document.pages, driver.window.document.find_bar
    driver.until(lambda: pages.is_drawn)
    bar.begin()
    bar.field.setText(CHINESE)
    driver.until(lambda: driver.text("matchCount") == "1 of 9")
    bar.field.setText(f"{CHINESE} P-7")
    driver.until(lambda: driver.text("matchCount") == "1 of 1")
    assert pages.page == 7
    bar.dismiss()
    for page, sentence in _sentences(tmp_path, driver):
        driver.window.document.show_passages([Passage(page, sentence)])
        driver.until(lambda page=page: pages.marks.passages.get(page - 1), 20)


def _sentences(tmp_path: Path, driver) -> list[tuple[int, str]]:
    """Lines as the reader has them, whatever order it gives to the letters of a right-to-left line."""
    found = []
    for page, text in _pages(tmp_path, driver)[:4]:
        found += [(page, line.strip()) for line in text.split("\n") if len(line.strip()) > 5]
    assert len(found) >= 4
    return found


def test_the_window_closes_within_two_seconds_in_mid_reading(start, tmp_path: Path, qapp):
    driver = start(real=True, settings={"on_open": "read"})
    driver.open(make_pdf(tmp_path / "long.pdf", 200, record))
    driver.until(lambda: driver.session.progress.page > 5, 100)
    began = time.monotonic()
    driver.close()
    assert time.monotonic() - began < 2.5
