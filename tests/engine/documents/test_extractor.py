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
from engine.documents.pages import DocumentError, Outcome, Page
from tests.engine.documents.samples import corpus, write_pdf

FAKE = Path(__file__).with_name("fake_child.py")
posix_only = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


def read(path: Path, password: str | None = None, **options: Any) -> tuple[list[Page], Outcome]:
    with open_document(path, password, **options) as document:
        pages = list(document.pages())
    assert document.outcome is not None
    return pages, document.outcome


def fake(tmp_path: Path, **script: Any) -> dict[str, Any]:
    """Options that put an extractor in place which does as `script` says (fake_child.py)."""
    path = tmp_path / "fake.pdf"
    path.write_bytes(b"%PDF-1.4 any")
    return {"path": path, "command": (sys.executable, str(FAKE), json.dumps({"pages": 6, **script}))}


def children_of(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def refusal(path: Path, password: str | None = None) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(path, password)
    assert str(caught.value).count(". ") <= 1, "what happened, and perhaps what to do"
    return caught.value


def test_a_pdf_becomes_pages_in_order(tmp_path: Path) -> None:
    texts = [f"Page words {n}\nand a line of {n}" for n in range(1, 71)]
    path = write_pdf(tmp_path / "report.pdf", texts)
    with open_document(path, processes=2) as document:
        assert (document.info.kind, document.info.page_count, document.info.title) == ("pdf", 70, "report")
        pages = list(document.pages())
    assert [page.text for page in pages] == texts
    assert [page.number for page in pages] == list(range(1, 71))
    assert document.outcome == Outcome("text", "report.pdf was read in full: 70 pages with text.", 70, 70)


def test_the_number_of_processes_and_the_first_page_change_no_text() -> None:
    path = corpus("long", "bashref.pdf")
    one, _ = read(path, processes=1)
    two, _ = read(path, processes=2)
    assert one == two
    with open_document(path, processes=2) as document:
        assert list(document.pages(first=120)) == one[119:]


def test_pages_come_before_the_document_is_read_through() -> None:
    with open_document(corpus("long", "axiom-bookvol5.pdf")) as document:
        started = time.monotonic()
        next(document.pages())
        assert time.monotonic() - started < 2


def test_outline_labels_and_title_come_from_the_file() -> None:
    with open_document(corpus("long", "debian-reference.en.pdf")) as document:
        assert document.info.title == "Debian Reference"
        assert len(document.info.outline) == 451
        entry = next(entry for entry in document.info.outline if entry.title == "The root shell prompt")
        pages = document.pages(first=5)
        assert next(pages).label == "iv"
        page = next(page for page in pages if page.number == entry.page)
        assert "1.1.4 The root shell prompt" in page.text
        assert "The root shell prompt can be made available" in page.text or "You can" in page.text


def test_text_files_become_pages_too(tmp_path: Path) -> None:
    path = tmp_path / "events.log"
    path.write_text("".join(f"12:{n % 60:02d} event {n} happened\n" for n in range(1000)))
    pages, outcome = read(path)
    assert "\n".join(page.text for page in pages) + "\n" == path.read_text()
    assert outcome.kind == "text"
    with open_document(path) as document:
        assert document.info.page_count is None
        assert list(document.pages(first=3)) == pages[2:]


def test_a_log_that_grows_while_it_is_read_is_read_to_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "events.log"
    path.write_text("before\n" * 2000)
    with open_document(path) as document, path.open("a") as log:
        log.write("after\n" * 2000)
        log.flush()
        assert not any("after" in page.text for page in document.pages())


@posix_only
def test_a_file_that_is_replaced_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "report.pdf", ["some words"] * 40)
    with open_document(path, processes=1) as document:
        document._take_spare().close()  # type: ignore[union-attr]
        os.replace(write_pdf(tmp_path / "other.pdf", ["other words"] * 40), path)
        assert list(document.pages()) == []
    assert document.outcome is not None and document.outcome.kind == "changed"


@posix_only
def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    assert refusal(tmp_path / "pipe.pdf").kind == "not_a_file"
    assert refusal(Path("/dev/zero")).kind == "not_a_file"
    assert refusal(tmp_path).kind == "not_a_file"
    assert refusal(tmp_path / "nothing.pdf").kind == "missing"
    assert refusal(tmp_path / ("n" * 300)).kind == "no_access"


def test_what_is_neither_pdf_nor_text_is_refused_with_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "picture.dat"
    path.write_bytes(os.urandom(5000))
    error = refusal(path)
    assert error.kind == "not_text"
    assert ".jsonl" in str(error)
    (tmp_path / "empty.txt").touch()
    assert refusal(tmp_path / "empty.txt").kind == "empty"
    (tmp_path / "letter.pdf").write_text("Dear Sir,")
    assert refusal(tmp_path / "letter.pdf").kind == "not_pdf"


@posix_only
def test_a_name_that_cannot_be_shown_spoils_no_sentence(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9\nmenu.txt")
    path.write_text("soup")
    pages, outcome = read(path)
    assert pages[0].text == "soup"
    assert outcome.sentence.startswith("caf??menu.txt was read in full")


def test_a_file_of_blanks_is_told_apart_from_a_scan(tmp_path: Path) -> None:
    (tmp_path / "blanks.txt").write_text(" \n" * 5000)
    assert read(tmp_path / "blanks.txt")[1].kind == "empty"
    _, outcome = read(write_pdf(tmp_path / "blanks.pdf", ["", ""]))
    assert outcome == Outcome("no_text", "blanks.pdf has no text on its pages; check that it is the right file.", 0, 2)


def test_files_without_a_telling_name_are_read_by_what_they_hold(tmp_path: Path) -> None:
    assert read(write_pdf(tmp_path / "download", ["words"]))[0][0].text == "words"
    (tmp_path / "README").write_text("About a %PDF-1.4 file.")
    assert read(tmp_path / "README")[0][0].text == "About a %PDF-1.4 file."


def test_passwords_are_asked_for_tried_and_refused() -> None:
    path = corpus("bad", "08_enc_aes256_userpw_swordfish.pdf")
    assert refusal(path).kind == "needs_password"
    assert refusal(path, "salmon").kind == "wrong_password"
    pages, outcome = read(path, "swordfish", processes=2)
    assert outcome.kind == "text"
    assert pages[11].text.startswith("Sentinel page 12: the copper kettle")
    pages, outcome = read(corpus("bad", "08b_enc_aes256_emptyuser.pdf"), "not needed")
    assert outcome.kind == "text"


REPRESENTATIVE = [
    ("bad", "01_truncated_half.pdf", "damaged"),
    ("bad", "03_png_renamed.pdf", "not_pdf"),
    ("bad", "04_cyclic_pages_self.pdf", "damaged"),
    ("bad", "06e_page_tree_depth_5000.pdf", "damaged"),
    ("bad", "07d_leading_junk_2KB.pdf", "text"),
    ("bad", "09_nul_surrogates_ligatures.pdf", "text"),
    ("bad", "10_invalid_utf8.txt", "text"),
    ("bad", "10g_binary_as.txt", "not_text"),
    ("bad", "12_images_only_5p.pdf", "no_text"),
    ("bad", "12b_mixed_text_scan_blank.pdf", "partial"),
    ("bad", "12c_one_page_corrupt_stream.pdf", "partial"),
    ("bad", "13_deep_array_in_content_200k.pdf", "text"),
    ("bad", "20_size_1e9.pdf", "text"),
    ("odd", "bug894572.pdf", "unreadable_fonts"),
    ("odd", "noembed-sjis.pdf", "text"),
]


@pytest.mark.parametrize(("folder", "name", "kind"), REPRESENTATIVE, ids=lambda value: value)
def test_a_difficult_file_ends_in_text_or_one_sentence(folder: str, name: str, kind: str) -> None:
    path = corpus(folder, name)
    try:
        pages, outcome = read(path)
    except DocumentError as error:
        assert error.kind == kind
    else:
        assert outcome.kind == kind
        assert any(page.text for page in pages) == outcome.is_readable


def test_pages_that_were_not_read_are_named() -> None:
    pages, outcome = read(corpus("bad", "12b_mixed_text_scan_blank.pdf"))
    assert [number for number, _ in outcome.problems] == [2, 4, 8]
    assert outcome.sentence == (
        "12b_mixed_text_scan_blank.pdf was read, but not all of it; left out: pages 2, 4, 8 (a picture without text)."
    )
    assert pages[5] == Page(6, "")  # blank, and so read
    _, outcome = read(corpus("bad", "12c_one_page_corrupt_stream.pdf"))
    assert outcome.problems == ((3, "its content is damaged"),)


def test_a_flate_bomb_costs_no_more_than_its_limit() -> None:
    _, outcome = read(corpus("bad", "05_flate_bomb_1GB.pdf"))
    assert outcome.kind == "too_big"


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


def test_the_readers_stay_out_of_the_parent() -> None:
    program = "import sys, engine.documents.extraction.extractor as e; print([m for m in ('torch', 'pypdf', 'pypdfium2', 'transformers') if m in sys.modules])"  # noqa: E501
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=FAKE.parents[3], check=True)
    assert done.stdout.strip() == b"[]"


@pytest.mark.parametrize("how", ["overwritten", "overwritten and put back", "cut short"])
def test_a_text_that_changes_while_it_is_read_is_noticed(tmp_path: Path, how: str) -> None:
    path = tmp_path / "report.txt"
    before = b"Anna Smith repaired the pump.\n" * 4000
    path.write_bytes(before)
    with open_document(path) as document:
        path.write_bytes(b"Carl Jones repaired the pump.\n" * (1000 if how == "cut short" else 4000))
        pages = list(document.pages())
        if how == "overwritten and put back":
            path.write_bytes(before)
    assert pages
    assert document.outcome is not None and document.outcome.kind == "changed"
    assert not document.outcome.is_readable


def test_a_text_that_grew_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "events.log"
    path.write_text("before\n" * 2000)
    with open_document(path) as document:
        with path.open("a") as log:
            log.write("after\n")
        list(document.pages())
    assert document.outcome is not None and document.outcome.kind == "text"


def test_a_pdf_that_is_written_to_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "report.pdf", ["some words"] * 4)
    with open_document(path, processes=1) as document:
        path.write_bytes(path.read_bytes().replace(b"some", b"none"))
        list(document.pages())
    assert document.outcome is not None and document.outcome.kind == "changed"


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
