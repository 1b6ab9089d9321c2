"""Extractor processes that hang, die, swell or are killed cost a page at most, and none is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.documents.extraction import limits
from engine.documents.extraction.extractor import open_document
from engine.documents.pages import DocumentError
from tests.engine.documents.reading import posix_only, read
from tests.engine.documents.samples import corpus, write_pdf

FAKE = Path(__file__).with_name("fake_child.py")


def fake(tmp_path: Path, **script: Any) -> dict[str, Any]:
    """Options that put an extractor in place which does as `script` says (fake_child.py)."""
    path = tmp_path / "fake.pdf"
    path.write_bytes(b"%PDF-1.4 any")
    return {"path": path, "command": (sys.executable, str(FAKE), json.dumps({"pages": 6, **script}))}


def children_of(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "READER_SECONDS", 0.5)
    monkeypatch.setattr(limits, "OPEN_SECONDS", 3.0)
    monkeypatch.setattr(limits, "KILLS", 1)


@pytest.mark.parametrize("how", ["hang", "die", "raise", "flood", "nonsense", "wrong page"])
def test_a_page_that_loses_one_reader_is_read_by_the_other(tmp_path: Path, impatient: None, how: str) -> None:
    pages, outcome = read(**fake(tmp_path, **{"3": how}))
    assert [page.text[:12] for page in pages[:4]] == ["page 1 by pd", "page 2 by pd", "page 3 by py", "page 4 by pd"]
    assert outcome.kind == "text"


@pytest.mark.parametrize(("how", "problem"), [("hang", "timed_out"), ("die", "crashed"), ("flood", "too_big")])
def test_a_page_that_loses_both_readers_is_named_and_the_rest_is_read(
    tmp_path: Path, impatient: None, how: str, problem: str
) -> None:
    pages, outcome = read(**fake(tmp_path, **{"3!": how}))
    assert [bool(page.text) for page in pages] == [True, True, False, True, True, True]
    assert pages[2].problem_kind == problem
    assert outcome.kind == "partial"
    assert [number for number, _ in outcome.problems] == [3]


@posix_only
@pytest.mark.parametrize("where", ["open", "3"])
def test_kills_from_outside_blame_neither_page_nor_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(limits, "KILLS", 3)
    dies = {where: f"die {limits.KILLS} {tmp_path / 'deaths'}", "always": True}
    pages, outcome = read(**fake(tmp_path, **dies))
    assert (tmp_path / "deaths").stat().st_size == limits.KILLS
    assert pages[2].text.startswith("page 3 by pdfium")
    assert outcome.kind == "text"


def test_a_page_that_loses_the_second_reader_is_read_by_the_first(tmp_path: Path, impatient: None) -> None:
    pages, outcome = read(**fake(tmp_path, second=3))
    assert pages[2].text.startswith("page 3 by pdfium")
    assert outcome.kind == "text"


def test_a_chattering_child_is_drained_and_timed_out(tmp_path: Path, impatient: None) -> None:
    pages, outcome = read(**fake(tmp_path, **{"2": "chatter"}))
    assert outcome.kind == "text"
    assert len(pages) == 6


def test_a_child_that_swells_is_ended_by_the_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PROCESS_BYTES", 120_000_000)
    pages, _ = read(**fake(tmp_path, **{"3!": "swell"}))
    assert pages[2].problem_kind == "too_big"
    assert pages[5].text


def test_a_file_that_loses_every_process_at_opening_is_refused(tmp_path: Path, impatient: None) -> None:
    assert str(_refused(fake(tmp_path, open="die", always=True))).endswith("re-save it in another program.")
    # Opened once, never again: what was not read is told.
    pages, outcome = read(**fake(tmp_path, open="die", **{"3": "die"}))
    assert len(pages) == 2
    assert "from page 3 to 6 (the file is damaged)" in outcome.sentence


def _refused(options: dict[str, Any]) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(**options)
    return caught.value


def test_a_document_of_slow_pages_runs_out_of_time(
    tmp_path: Path, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DOCUMENT_SECONDS", 0.5)
    monkeypatch.setattr(limits, "SECONDS_A_PAGE", 0.0)
    pages, outcome = read(**fake(tmp_path, **{"2!": "hang", "3!": "hang"}))
    assert outcome.kind == "partial"
    assert [page.number for page in pages] == [1, 2]
    assert "from page 3 to 6 (the time ran out)" in outcome.sentence


def test_the_consumers_own_time_is_not_the_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOCUMENT_SECONDS", 1.0)
    monkeypatch.setattr(limits, "SECONDS_A_PAGE", 0.0)
    with open_document(**fake(tmp_path)) as document:
        for _ in document.pages():
            time.sleep(0.3)
    assert document.outcome is not None and document.outcome.kind == "text"


def test_a_child_that_waits_for_the_consumer_is_not_taken_for_hung(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "READER_SECONDS", 0.5)
    monkeypatch.setattr(limits, "READ_AHEAD_PAGES", 2)
    monkeypatch.setattr("engine.documents.cleaning.running_heads.LOOK_BACK", 0)
    with open_document(**fake(tmp_path, pages=40), processes=1) as document:
        pages = document.pages()
        next(pages)
        time.sleep(1.2)
        assert len(list(pages)) == 39
    assert document.outcome is not None and document.outcome.kind == "text"


@posix_only
def test_a_reading_survives_the_killing_of_its_extractors() -> None:
    path = corpus("long", "debian-policy.pdf")
    expected, _ = read(path)
    with open_document(path, processes=2) as document:
        pages = []
        for page in document.pages():
            pages.append(page)
            if page.number in (1, 60, 61):
                for child in children_of(os.getpid()):
                    child.send_signal(signal.SIGKILL)
    assert pages == expected


@posix_only
def test_no_extractor_outlives_a_document_closed_early() -> None:
    before = set(children_of(os.getpid()))
    with open_document(corpus("long", "axiom-bookvol5.pdf"), processes=2) as document:
        pages = document.pages()
        next(pages)
        assert set(children_of(os.getpid())) - before
    assert not [child for child in set(children_of(os.getpid())) - before if child.is_running()]


def test_closing_from_another_thread_ends_a_reading(tmp_path: Path) -> None:
    document = open_document(**fake(tmp_path, **{"2!": "hang"}))
    timer = threading.Timer(0.5, document.close)
    timer.start()
    started = time.monotonic()
    list(document.pages())
    assert time.monotonic() - started < 4
    assert document.outcome is None
    timer.join()


@posix_only
def test_no_extractor_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    options = fake(tmp_path)
    write_pdf(options["path"], ["words"] * 40)
    program = f"""
        import sys, time
        from engine.documents.extraction.extractor import open_document
        document = open_document({str(options["path"])!r}, processes=2)
        pages = document.pages()
        next(pages)
        print("reading", flush=True)
        time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=FAKE.parents[3])
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"reading\n"
    children = children_of(parent.pid)
    assert children
    parent.kill()
    parent.communicate()
    gone, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    assert len(gone) == len(children)


@posix_only
def test_a_crash_at_opening_costs_no_outline() -> None:
    path = corpus("long", "debian-policy.pdf")
    with open_document(path) as document:
        expected = document.info.outline
    killer = threading.Thread(target=_kill_first_child)
    killer.start()
    with open_document(path) as document:
        assert document.info.outline == expected
    killer.join()


def _kill_first_child() -> None:
    for _ in range(500):
        for child in children_of(os.getpid()):
            child.send_signal(signal.SIGKILL)
            return
        time.sleep(0.005)


def test_a_second_process_is_prepared_for_a_large_file_only_and_ended_if_unused(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["a page"] * 3)
    path.write_bytes(path.read_bytes() + b"%" + b" " * 200_000 + b"\n")
    before = {child.pid for child in children_of(os.getpid())}
    with open_document(path, processes=2) as document:
        assert len({child.pid for child in children_of(os.getpid())} - before) == 2
        assert [page.text for page in document.pages()] == ["a page"] * 3
        assert len({child.pid for child in children_of(os.getpid())} - before) <= 1
    assert not {child.pid for child in children_of(os.getpid())} - before
