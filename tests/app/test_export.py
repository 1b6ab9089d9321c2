"""Results leave the window: to the clipboard and to files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from tests.app.library_on_disk import write_library


def test_copy_keeps_page_references(start, pdf, tmp_path: Path):
    driver = start()
    driver.open(pdf)
    driver.until_done()
    turn = driver.ask("When did it fail?")
    driver.window.questions.copy(turn.key)
    assert QGuiApplication.clipboard().text().endswith("[Halden, page 9]")


def test_export_writes_every_format_with_the_parts_that_are_wished(start, pdf, tmp_path: Path, monkeypatch):
    write_library(tmp_path / "library.db", {str(pdf): ["The pump was inspected."]})
    driver = start(settings={"on_open": "wait"})
    driver.open(pdf)
    driver.until(lambda: driver.session.document_id is not None)
    heads = {".md": b"# halden", ".pdf": b"%PDF", ".odt": b"PK", ".docx": b"PK"}
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "out"), ""))
    for suffix, head in heads.items():
        driver.window.actions_.by_name["export"].trigger()
        dialog = driver.find("exportDialog")
        dialog.format.setCurrentIndex(dialog.format.findData(suffix))
        dialog.sections.setChecked(False)
        driver.click("exportGo", dialog)
        driver.until(lambda suffix=suffix: (tmp_path / f"out{suffix}").exists())
        driver.until(lambda suffix=suffix: driver.window.toast.words == f"Saved to {tmp_path / 'out'}{suffix}")
        driver.window.dialogs.exporter.wait()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert (tmp_path / f"out{suffix}").read_bytes().startswith(head)
    assert b"## Sections" not in (tmp_path / "out.md").read_bytes()


def test_export_that_fails_is_said(start, tmp_path: Path, pdf):
    write_library(tmp_path / "library.db", {str(pdf): ["The pump was inspected."]})
    driver = start()
    exporter = driver.window.dialogs.exporter
    for path, document, words in (
        (tmp_path / "no" / "such" / "out.md", 1, "The file could not be saved"),
        (tmp_path / "gone.md", 99, "Export failed"),
    ):
        exporter.export(str(path), str(tmp_path / "library.db"), document)
        driver.until(lambda words=words: driver.window.toast.words.startswith(words))
        exporter.wait()
