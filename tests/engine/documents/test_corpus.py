"""Every file of the corpus ends in text or in one clear sentence, within its time and memory."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.documents.extraction.extractor import open_document
from engine.documents.pages import DocumentError
from tests.engine.documents.samples import CORPUS, corpus

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MAX_SECONDS = 600
"""For all of odd/ and bad/."""
MAX_RESIDENT = 1_500_000_000
"""Bytes, of any one process."""

EXPECTED = {
    "01_truncated_half.pdf": "damaged",
    "02_zero_byte.pdf": "empty",
    "03_png_renamed.pdf": "not_pdf",
    "04_cyclic_pages_self.pdf": "damaged",
    "05_flate_bomb_1GB.pdf": "too_big",
    "06e_page_tree_depth_5000.pdf": "damaged",
    "08_enc_aes256_userpw_swordfish.pdf": "needs_password",
    "10e_zero.txt": "empty",
    "10g_binary_as.txt": "not_text",
    "12_images_only_5p.pdf": "no_text",
    "12b_mixed_text_scan_blank.pdf": "partial",
    "12c_one_page_corrupt_stream.pdf": "partial",
    "14b_xobject_billion_laughs.pdf": "partial",
    "bitmap-initially-unknown-size.pdf": "no_text",
    "bitmap-stripe-last-implicit.pdf": "no_text",
    "bitmap-template3.pdf": "no_text",
    "bug1250079.pdf": "damaged",
    "bug1782186.pdf": "needs_password",
    "bug894572.pdf": "unreadable_fonts",
    "issue15893_reduced.pdf": "needs_password",
    "issue17065.pdf": "no_text",
    "issue19484_1.pdf": "damaged",
    "issue19484_2.pdf": "damaged",
    "issue21579.pdf": "needs_password",
    "issue9105_other.pdf": "damaged",
}
"""All others of odd/ and bad/ end in "text"."""


class _Scale(threading.Thread):
    """The largest resident size that any process of this one's family reaches."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.largest = 0
        self.done = threading.Event()

    def run(self) -> None:
        parent = psutil.Process(os.getpid())
        own, command = parent.memory_info().rss, parent.cmdline()
        while not self.done.wait(0.01):
            for child in parent.children(recursive=True):
                try:
                    if child.cmdline() != command:  # else forked and not yet another program, with this one's pages
                        self.largest = max(self.largest, child.memory_info().rss)
                except psutil.Error:
                    continue
            self.largest = max(self.largest, parent.memory_info().rss - own)


@pytest.fixture
def scale() -> Iterator[_Scale]:
    running = _Scale()
    running.start()
    yield running
    running.done.set()
    running.join()


def _end_of(path: Path) -> tuple[str, str]:
    try:
        with open_document(path) as document:
            for page in document.pages():
                page.text.encode("utf-8")
    except DocumentError as error:
        return error.kind, error.sentence
    assert document.outcome is not None
    return document.outcome.kind, document.outcome.sentence


def test_every_odd_and_bad_file_ends_as_it_should_in_time_and_memory(scale: _Scale) -> None:
    corpus("bad")
    started = time.monotonic()
    for path in sorted([*CORPUS.glob("odd/*"), *CORPUS.glob("bad/*")]):
        kind, sentence = _end_of(path)
        assert kind == EXPECTED.get(path.name, "text"), path.name
        assert sentence.endswith(".") and "\n" not in sentence and path.name in sentence
    assert time.monotonic() - started < MAX_SECONDS
    assert scale.largest < MAX_RESIDENT


@pytest.mark.parametrize(
    ("name", "pages", "least", "words"),
    [
        ("debian-reference.en.pdf", 261, 500_000, "Unix has a tradition to hide filenames which start with"),
        (
            "debian-reference.ja.pdf",
            272,
            380_000,
            "root のパスワードを使って root のシェルプロンプトを使えるようにする",
        ),
        (
            "debian-policy.pdf",
            193,
            400_000,
            "Packages should build reproducibly, which for the purposes of this document",
        ),
        ("install.ru.pdf", 128, 350_000, "метода шифрования выбран Device-mapper"),
        (
            "bashref.pdf",
            196,
            420_000,
            "Bash is the shell, or command language interpreter, for the gnu operating system.",
        ),
        (
            "axiom-bookvol5.pdf",
            2046,
            2_000_000,
            "The domain constructor Matrix takes one parameter R which is required",
        ),
    ],
)
def test_long_documents_are_read_with_their_words_apart(
    scale: _Scale, name: str, pages: int, least: int, words: str
) -> None:
    with open_document(corpus("long", name)) as document:
        texts = [page.text for page in document.pages()]
    text = " ".join(" ".join(texts).split())
    assert len(texts) == pages
    assert len(text) > least
    assert words in text
    assert scale.largest < 500_000_000


def test_a_line_of_200_megabytes_is_read_in_bounded_memory(scale: _Scale, tmp_path: Path) -> None:
    path = tmp_path / "line.txt"
    with path.open("wb") as file:
        for _ in range(200):
            file.write(b"abcdefghi " * 100_000)
    read = 0
    with open_document(path) as document:
        for page in document.pages():
            read += len(page.text) + 1
    assert read >= 200_000_000
    assert scale.largest < 100_000_000
